/** The command line as a person uses it: built code, real sockets, an exchange in another process. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWav } from '../../src/media/index.js';
import { freePort } from '../support/free-port.js';
import { cliPath, NodeProgram, projectRoot, runNode } from '../support/run-node.js';
import { expectSpeech } from '../support/speech.js';

const speech = join(projectRoot, 'assets', 'speech.wav');
let folder: string;
let exchange: NodeProgram;
let server: string;
const account = (): string[] => ['--server', server, '--user', 'ann', '--password', 'pw-ann'];
const cli = (...args: string[]) => runNode([cliPath, ...args]);
const events = (stdout: string): Array<Record<string, unknown>> =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-cli-'));
  exchange = new NodeProgram([
    cliPath,
    'exchange',
    '--port',
    '0',
    '--users',
    'ann:pw-ann,ben:pw-ben',
    '--json',
  ]);
  const [, address] = await exchange.until(/"address":"([^"]+)"/);
  server = address;
});

afterAll(async () => {
  await exchange.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a reader that goes away', () => {
  const shell = (line: string) =>
    promisify(execFile)('bash', ['-c', `set -o pipefail; ${line}`], { timeout: 60_000 });
  const node = `'${process.execPath}' '${cliPath}'`;

  it('ends a list without a word', async () => {
    const { stdout, stderr } = await shell(`${node} settings list | head -n 2`);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toBe('');
  });

  it('ends a call in good order', async () => {
    const call = `${node} call echo --server ${server} --user ann --password pw-ann --duration 60 --json`;
    const { stdout, stderr } = await shell(`${call} | head -n 1 >&2; echo "\${PIPESTATUS[0]}"`);
    expect(JSON.parse(stderr)).toHaveProperty('event');
    expect(stdout).toBe('130\n');
  });
});

describe('switchhook call', () => {
  it('plays a file to an echo and records it', async () => {
    const record = join(folder, 'echo.wav');
    const played = cli(
      'call',
      'echo',
      ...account(),
      '--play',
      speech,
      '--record',
      record,
      '--duration',
      '6',
      '--json',
    );
    const { code, stdout, stderr } = await played;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const names = events(stdout).map(({ event }) => event);
    expect(names).toEqual(expect.arrayContaining(['calling', 'connected', 'ended', 'recorded']));
    const [heard, said] = (await readWav(record)).channels;
    const { delayMs } = expectSpeech(said.subarray(0, 4 * 8000), heard.subarray(0, 5 * 8000), 'the echo');
    // In the first second the jitter buffers of both sides find their delay, and stretch for it.
    expectSpeech(said.subarray(8000, 4 * 8000), heard.subarray(8000, 5 * 8000), 'the settled echo', 0.9);
    expect(delayMs).toBeGreaterThan(20);
    expect(delayMs).toBeLessThan(500);
  });

  it('encrypts the media, and shows no key in a trace', async () => {
    const options = ['--srtp', 'required', '--duration', '2', '--trace', '--json'];
    const { code, stdout, stderr } = await cli('call', 'echo', ...account(), ...options);
    expect(code).toBe(0);
    expect(events(stdout).find(({ event }) => event === 'connected')).toMatchObject({
      encryption: { srtp: 'AES_CM_128_HMAC_SHA1_80', signalling: 'udp' },
    });
    const record = events(stdout).find(({ event }) => event === 'ended')?.record;
    expect(record).toMatchObject({ media: { received: { notAuthentic: 0, lost: 0 } } });
    const keys = stderr.match(/inline:.*/g) ?? [];
    expect(keys.length).toBeGreaterThan(1);
    for (const key of keys) expect(key.trim()).toBe('inline:(key hidden)');
  });

  it('ends with 4 and the reason when the call is refused', async () => {
    const { code, stdout, stderr } = await cli('call', 'reject-486', ...account());
    expect(code).toBe(4);
    expect(stderr).toContain('486 Busy Here');
    expect(stdout).not.toContain('Busy Here'); // told once
  });

  it('looks for the files before anybody is called', async () => {
    const { code, stderr, stdout } = await cli(
      'call',
      'echo',
      ...account(),
      '--play',
      'absent.wav',
      '--json',
    );
    expect(code).toBe(7);
    expect(stderr + stdout).toContain('absent.wav: there is no such file to play');
    expect(events(stdout).some(({ event }) => event === 'trying' || event === 'connected')).toBe(false);
  });

  it('ends with 3 and a remedy when the password is wrong', async () => {
    const { code, stderr } = await cli(
      'call',
      'echo',
      '--server',
      server,
      '--user',
      'ann',
      '--password',
      'no',
    );
    expect(code).toBe(3);
    expect(stderr).toContain('Check user name');
  });

  it('says within seconds that nothing listens where it calls', async () => {
    const { code, stdout } = await cli('call', `sip:ben@127.0.0.1:${await freePort()}`, '--timeout', '7');
    expect(stdout).toMatch(/No answer yet: udp:127\.0\.0\.1:\d+ has not answered for 3\.5 s/);
    expect(stdout).toMatch(/Nothing listens at udp:127\.0\.0\.1:\d+/);
    expect(code).toBe(5);
  });

  it('ends with 5 when nobody answers', async () => {
    const { code, stderr } = await cli('call', 'noanswer', ...account(), '--timeout', '1');
    expect(code).toBe(5);
    expect(stderr).toContain('the answer took longer than 1000 ms');
  });

  it('hangs up on Ctrl-C and ends with 130', async () => {
    const program = new NodeProgram([cliPath, 'call', 'tone', ...account(), '--json']);
    await program.until(/"event":"connected"/);
    const { code, stdout } = await program.stop('SIGINT');
    expect(code).toBe(130);
    expect(stdout).toContain('"event":"ended"');
  });

  it('cancels a ringing call on Ctrl-C', async () => {
    const program = new NodeProgram([cliPath, 'call', 'noanswer', ...account(), '--json']);
    await program.until(/"status":180/);
    const { code } = await program.stop('SIGINT');
    expect(code).toBe(130);
  });
});

describe('switchhook listen', () => {
  it('answers a call and hears its digits', async () => {
    const listener = new NodeProgram([
      cliPath,
      'listen',
      '--server',
      server,
      '--user',
      'ben',
      '--password',
      'pw-ben',
      '--calls',
      '1',
      '--echo',
      '--json',
    ]);
    await listener.until(/"event":"listening"/);
    const { code } = await cli('call', 'ben', ...account(), '--dtmf', '5*', '--duration', '2', '--json');
    expect(code).toBe(0);
    const heard = await listener.finished;
    expect(heard.code).toBe(0);
    const digits = events(heard.stdout)
      .filter(({ event }) => event === 'dtmf')
      .map(({ digit }) => digit);
    expect(digits).toEqual(['5', '*']);
  });
});

describe('the other commands', () => {
  it('register and unregister', async () => {
    const { code, stdout } = await cli('register', ...account(), '--unregister', '--json');
    expect(code).toBe(0);
    const states = events(stdout)
      .filter(({ event }) => event === 'registration')
      .map(({ state }) => state);
    expect(states).toEqual(['registering', 'registered', 'unregistering', 'idle']);
  });

  it.each(['udp', 'tcp'])('ask for options over %s, without an account', async (transport) => {
    const { code, stdout } = await cli(
      'options',
      `sip:${server}`,
      '--transport',
      transport,
      '--trace',
      '--json',
    );
    expect(code).toBe(0);
    expect(events(stdout)[0]).toMatchObject({ event: 'options', status: 200 });
  });
});

describe('wrong usage', () => {
  it.each([
    [['call'], 'call whom?'],
    [['cal', 'x'], 'there is no command "cal"; do you mean "call"?'],
    [['call', 'x', '--sever', 'y'], 'there is no option "sever"; do you mean --server?'],
    [['register', '--play', 'x.wav'], '--play is an option of other commands'],
    [['call', 'x', '--sever', 'y'], 'See: switchhook call --help'],
    [['call', 'x', '--duration', 'long'], '--duration "long" is not a number'],
    [['call', 'bob', '--server', '::bad::'], "option 'server'"],
    [['call', 'x', '--server', '127.0.0.1', '--transport', 'ipx'], '--transport "ipx"'],
    [['callto=1', 'serveradress=x'], '"serveradress" is not a setting'],
  ])('%j names what is wrong', async (args, text) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});
