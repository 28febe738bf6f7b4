/**
 * Requests mutated at random, over all transports at once, to a webphone that is registered and has a peer, on a network
 * that is none, so that nothing leaves: every request is answered or its connection closed, the server stays usable,
 * nothing but functions of the table is run, and at the end nothing is left. SWITCHHOOK_FUZZ=100000 makes it a long run
 * of so many requests.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.js';
import { ControlServer } from '../../src/server/index.js';
import type { FunctionSpec } from '../../src/webphone/functions/spec.js';
import { http, TcpClient, UdpClient } from '../support/control/clients.js';
import { ENCODINGS, THIRTY } from '../support/control/requests.js';
import { WebphoneWorld } from '../support/webphone-world.js';

const ROUNDS = Number(process.env.SWITCHHOOK_FUZZ ?? 3000);
/** Of them over UDP; the others over TCP, a quarter of those as HTTP. */
const DATAGRAMS = Math.floor(ROUNDS / 2);
const AT_ONCE = 20;
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

/** Not to be run by chance: what ends the phone for good, waits for minutes, or reaches files and other servers. */
const KEPT_OUT =
  /^API_(Exit|GetNotificationStrings|GetNotificationsSync|.*(File|HTTP|Log|Upload|Dir|Play|Record|Stream).*)$/i;
const WORDS = [
  '-2',
  '-1',
  '0',
  '1',
  '2',
  'bob',
  'sip:bob@10.0.0.10',
  'stats',
  'true',
  '',
  'a,b',
  '123456789012',
];

/** A request for every function, with arguments that suit it more or less, and the thirty. */
function seedRequests(functions: readonly FunctionSpec[], random: SeededRandom): string[] {
  const word = (): string => WORDS[random.uint32() % WORDS.length];
  const all = functions
    .filter(({ name, remote }) => remote && !KEPT_OUT.test(name))
    .flatMap(({ name, overloads }) =>
      overloads.map((list) => ({
        name: name as string,
        args: list.map((argument): readonly [string, string] => [argument.name, word()]),
      })),
    );
  const thirty = THIRTY.filter(({ name }) => !KEPT_OUT.test(name)).map(({ name, args }) => ({
    name,
    args: args.map(([key, value]) => [key, value.slice(0, 200)] as const),
  }));
  return ENCODINGS.flatMap((by) => [...all, ...thirty].map(({ name, args }) => by.encode(name, args)));
}

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
let world: WebphoneWorld;
let seeds: string[];
const ran: string[] = [];
const unhandled: unknown[] = [];
/** The time of the phone passes while requests are under way, or what waits would never be answered. */
let passing = true;
let passed: Promise<void>;
const tcpPort = (): number => server.addresses.tcp?.port ?? 0;
const onUnhandled = (error: unknown): void => void unhandled.push(error);

async function pass(): Promise<void> {
  while (passing) {
    await world.run(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  world = new WebphoneWorld({
    serveraddress: '10.0.0.100',
    username: 'me',
    password: 'pw',
    register: 2,
    logtoconsole: 0,
  });
  await world.registrar();
  const bob = await world.party('bob');
  bob.agent.on('incoming', (call) => void call.answer().catch(() => {}));
  world.webphone.API_Start();
  await world.run(1000);
  expect(world.webphone.API_IsRegistered()).toBe(true);
  const execute = world.webphone.execute.bind(world.webphone);
  seeds = seedRequests(world.webphone.functions, new SeededRandom(19));
  const target = {
    functions: world.webphone.functions,
    notifications: world.webphone.notifications,
    execute: (name: string, args: Parameters<typeof execute>[1]) => {
      ran.push(name);
      return execute(name, args);
    },
  };
  server = new ControlServer(target, { port: 0, udpPort: 0, requestsPerSecond: 1_000_000 });
  await server.start();
  passed = pass();
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await server.close();
});

/** After all that, a plain request is answered at once. */
async function stillThere(): Promise<void> {
  const { text } = await http(tcpPort(), '/?function=API_TestEcho&echo=alive');
  expect(text).toContain('APIRESULT:alive');
}

describe('mutated requests', () => {
  it('over TCP, as text and as HTTP, are answered or end their connection', async () => {
    const random = new SeededRandom(23);
    for (let round = DATAGRAMS; round < ROUNDS; round += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, async (_, i) => {
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
  }, 1_800_000);

  it('over UDP are answered, each of them', async () => {
    const client = await UdpClient.to(server.addresses.udp?.port ?? 0);
    const random = new SeededRandom(29);
    for (let round = 0; round < DATAGRAMS; round++) {
      const text = mutate(seeds[random.uint32() % seeds.length], random, seeds);
      if (Buffer.from(text).toString().trim() === '' || /^token\s*=[^,&\r\n]+\r?\n\s*$/i.test(text)) continue;
      client.send(text);
      let answer: string;
      do answer = await client.next(10_000);
      while (answer.startsWith('WPNOTIFICATION,'));
      expect(answer).toMatch(/APIRESULT:|result=|"result":|<result>|^ERROR/);
    }
    client.close();
    await stillThere();
  }, 1_800_000);

  it('ran nothing but functions of the table, and leave nothing', async () => {
    const names = new Set(
      world.webphone.functions
        .flatMap(({ name, aliases }) => [name, ...aliases])
        .map((name) => name.toLowerCase()),
    );
    const strange = ran.filter(
      (name) => !names.has(name.toLowerCase()) && !names.has(`api_${name.toLowerCase()}`),
    );
    expect(strange).toEqual([]);
    expect(ran.length).toBeGreaterThan(ROUNDS / 20);
    expect(new Set(ran.map((name) => name.toLowerCase())).size).toBeGreaterThan(50);
    expect(unhandled).toEqual([]);
    passing = false;
    await passed;
    await world.end();
  }, 60_000);
});
