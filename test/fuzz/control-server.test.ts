/**
 * Requests mutated at random, over all transports at once: every one is answered or its connection closed, the server
 * stays usable, and nothing but functions of the table is run. SWITCHHOOK_FUZZ=100000 makes it a long run.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.js';
import { ControlServer } from '../../src/server/index.js';
import { http, TcpClient, UdpClient } from '../support/control/clients.js';
import { FakeTarget } from '../support/control/fake-target.js';
import { ENCODINGS, THIRTY } from '../support/control/requests.js';

const ROUNDS = Number(process.env.SWITCHHOOK_FUZZ ?? 3000);
const SPICE = [
  '\r\n',
  '\n',
  '\0',
  ',',
  '=',
  '&',
  '"',
  '%',
  '%00',
  '<',
  '>',
  '<!DOCTYPE a>',
  '<![CDATA[',
  ']]>',
  '&#x0;',
  '{',
  '}',
  '[',
  'BOFCOMMAND',
  'EOFCOMMAND',
  'BOFLINE',
  'EOFLINE',
  'function=',
  'API_',
  'token=',
  '__proto__',
  'constructor',
  'HTTP/1.1',
  'GET / ',
  'Content-Length: 99999999999',
  'Transfer-Encoding: chunked\r\n',
  '99999999999999999999',
  '-1',
  'é',
  '\ud800',
  '\u2028',
];

const seeds = ENCODINGS.flatMap((by) =>
  THIRTY.slice(0, 24).map(({ name, args }) =>
    by.encode(
      name,
      args.map(([k, v]) => [k, v.slice(0, 200)] as const),
    ),
  ),
);
const heads = [
  'GET /?function=API_TestEcho&echo=a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"function":"API_TestEcho","echo":"abcd"}',
  'GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 3\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x05hello',
];

function mutate(text: string, random: SeededRandom, others: readonly string[]): string {
  let out = text;
  for (let i = 1 + (random.uint32() % 5); i > 0; i--) {
    const at = random.uint32() % (out.length + 1);
    const other = others[random.uint32() % others.length];
    const from = random.uint32() % (other.length + 1);
    switch (random.uint32() % 5) {
      case 0:
        out = out.slice(0, at) + out.slice(at + (random.uint32() % 12));
        break;
      case 1:
        out = out.slice(0, at) + SPICE[random.uint32() % SPICE.length] + out.slice(at);
        break;
      case 2:
        out = out.slice(0, at) + String.fromCharCode(random.uint32() % 256) + out.slice(at + 1);
        break;
      case 3:
        out = out.slice(0, at) + other.slice(from, from + (random.uint32() % 60)) + out.slice(at);
        break;
      default:
        out = out.slice(0, at);
    }
  }
  return out;
}

let server: ControlServer;
const target = new FakeTarget();
const tcpPort = (): number => server.addresses.tcp?.port ?? 0;

beforeAll(async () => {
  server = new ControlServer(target, { port: 0, udpPort: 0, requestsPerSecond: 1_000_000 });
  await server.start();
});
afterAll(() => server.close());

/** After all that, a plain request is answered at once. */
async function stillThere(): Promise<void> {
  const { text } = await http(tcpPort(), '/?function=API_TestEcho&echo=alive');
  expect(text).toContain('APIRESULT:alive');
}

describe('mutated requests', () => {
  it('over TCP, as text and as HTTP, are answered or end their connection', async () => {
    const random = new SeededRandom(23);
    for (let round = 0; round < ROUNDS; round += 20) {
      const batch = Array.from({ length: 20 }, async (_, i) => {
        const client = new TcpClient(tcpPort());
        const isHttp = i % 4 === 0;
        const text = mutate(
          isHttp ? heads[random.uint32() % heads.length] : seeds[random.uint32() % seeds.length],
          random,
          isHttp ? heads : seeds,
        );
        // In two pieces, and then the client is done.
        const cut = random.uint32() % (text.length + 1);
        client.send(text.slice(0, cut));
        client.socket.end(text.slice(cut));
        // An event stream and a WebSocket stay open, as they should.
        if (/events|websocket/i.test(text)) setTimeout(() => client.close(), 200);
        await client.ended();
      });
      await Promise.all(batch);
    }
    await stillThere();
  }, 600_000);

  it('over UDP are answered, each of them', async () => {
    const client = await UdpClient.to(server.addresses.udp?.port ?? 0);
    const random = new SeededRandom(29);
    for (let round = 0; round < ROUNDS; round++) {
      const text = mutate(seeds[random.uint32() % seeds.length], random, seeds);
      if (Buffer.from(text).toString().trim() === '' || /^token\s*=[^,&\r\n]+\r?\n\s*$/i.test(text)) continue;
      client.send(text);
      expect(await client.next()).toMatch(/APIRESULT:|result=|"result":|<result>|^ERROR/);
    }
    client.close();
    await stillThere();
  }, 600_000);

  it('ran nothing but functions of the table', () => {
    const names = new Set(
      target.functions
        .flatMap(({ name, aliases = [] }) => [name, ...aliases])
        .map((name) => name.toLowerCase()),
    );
    const strange = target.calls.filter(
      ({ name }) => !names.has(name.toLowerCase()) && !names.has(`api_${name.toLowerCase()}`),
    );
    expect(strange).toEqual([]);
    expect(target.calls.length).toBeGreaterThan(ROUNDS / 20);
  });
});
