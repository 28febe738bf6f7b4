/** `switchhook doctor` against a sound exchange, and against what goes wrong at two in the morning. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { cliPath, NodeProgram, runNode } from '../support/run-node.js';

interface Check {
  name: string;
  ok: boolean;
  found?: string;
  error?: string;
  remedy?: string;
}

async function doctor(...args: string[]): Promise<{ code: number | null; checks: Map<string, Check> }> {
  const { code, stdout } = await runNode([cliPath, 'doctor', ...args, '--json']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Check);
  return { code, checks: new Map(lines.filter(({ name }) => name).map((check) => [check.name, check])) };
}

let exchange: NodeProgram;
let account: string[];

beforeAll(async () => {
  exchange = new NodeProgram([cliPath, 'exchange', '--port', '0', '--users', 'ann:pw-ann', '--json']);
  const [, address] = await exchange.until(/"address":"([^"]+)"/);
  account = ['--server', address, '--user', 'ann', '--password', 'pw-ann'];
});

afterAll(() => exchange.stop());

describe('a sound server', () => {
  it('every check is well, and the echo tells that audio goes both ways', async () => {
    const { code, checks } = await doctor('echo', ...account);
    expect({ code, wrong: [...checks.values()].filter(({ ok }) => !ok) }).toEqual({ code: 0, wrong: [] });
    expect(checks.get('Call to echo')?.found).toMatch(/answered after .*PCM[UA].*audio goes both ways/);
  });

  it('a number that refuses is told with its status', async () => {
    const { code, checks } = await doctor('reject-486', ...account);
    expect(code).toBe(1);
    expect(checks.get('Call to reject-486')).toMatchObject({
      ok: false,
      error: expect.stringContaining('486'),
    });
    expect(checks.get('Registration')?.ok).toBe(true);
  });
});

describe('a server that is not there', () => {
  it('is told from the ICMP error over UDP, without waiting for SIP to give up', async () => {
    const port = await freePort();
    const { code, checks } = await doctor(
      '--server',
      `127.0.0.1:${port}`,
      '--user',
      'ann',
      '--password',
      'x',
    );
    expect(code).toBe(1);
    expect(checks.get('Server answers')?.error).toBe(`nothing listens at udp:127.0.0.1:${port}`);
    expect(checks.get('Registration')?.error).toMatch(/^not tried/);
  });

  it('is told by the connection over TCP', async () => {
    const port = await freePort();
    const { checks } = await doctor('--server', `127.0.0.1:${port}`, '--transport', 'tcp');
    expect(checks.get('Server answers')).toMatchObject({
      ok: false,
      error: expect.stringContaining('refused'),
    });
  });

  it('one that takes datagrams and says nothing: TCP is looked at as well', async () => {
    const deaf = createSocket('udp4').bind(0, '127.0.0.1');
    await once(deaf, 'listening');
    const { checks } = await doctor('--server', `127.0.0.1:${deaf.address().port}`);
    deaf.close();
    expect(checks.get('Server answers')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^no answer to OPTIONS/),
      remedy: expect.stringContaining('refuses TCP'),
    });
  });
});

describe('a call without audio', () => {
  let sip: Socket;
  let rtp: Socket;

  beforeAll(async () => {
    sip = createSocket('udp4').bind(0, '127.0.0.1');
    rtp = createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(sip, 'listening'), once(rtp, 'listening')]);
    sip.on('message', (data, { port }) => {
      const request = data.toString();
      const [method] = request.split(' ', 1);
      if (method !== 'ACK') sip.send(answerTo(request, method), port);
    });
  });

  afterAll(() => {
    sip.close();
    rtp.close();
  });

  /** Whatever is asked is granted; an INVITE gets an address from which no audio comes. */
  function answerTo(request: string, method: string): string {
    const kept = request.match(/^(?:Via|From|Call-ID|CSeq):.*$/gim) ?? [];
    const to = /^To:.*$/im.exec(request)?.[0] ?? '';
    const host = '127.0.0.1';
    const body =
      method === 'INVITE'
        ? `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio ${rtp.address().port} RTP/AVP 0\r\n`
        : '';
    return [
      'SIP/2.0 200 OK',
      ...kept,
      to.includes(';tag=') ? to : `${to};tag=mute`,
      `Contact: <sip:${host}:${sip.address().port}>`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  it('is told with the reason the media knows', async () => {
    const { code, checks } = await doctor('100', '--server', `127.0.0.1:${sip.address().port}`);
    expect(code).toBe(1);
    expect(checks.get('Server answers')?.ok).toBe(true);
    expect(checks.get('Call to 100')?.error).toMatch(
      new RegExp(`answered after .*, but no audio comes: no RTP .*${rtp.address().port}.*packets sent`),
    );
    expect(checks.get('Call to 100')?.remedy).toMatch(/NAT and firewalls/);
  });
});
