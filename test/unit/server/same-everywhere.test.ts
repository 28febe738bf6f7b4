/**
 * The same thirty requests over every transport in every format, to a webphone that is registered at the embedded
 * exchange: all have the same results, and the same is done, as the peer sees it.
 */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Exchange } from '../../../src/exchange/index.js';
import { Phone } from '../../../src/phone/index.js';
import { ControlServer } from '../../../src/server/index.js';
import { FakeMediaEngine } from '../../../src/testing/fake-media.js';
import { Webphone } from '../../../src/webphone/index.js';
import { http, TcpClient } from '../../support/control/clients.js';
import { ENCODINGS, THIRTY } from '../../support/control/requests.js';
import { WAYS } from '../../support/control/ways.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const RESULTS = THIRTY.map(({ result }) => result);
const engine = new FakeMediaEngine();
const streams = { input: new PassThrough(), output: new PassThrough() };
let exchange: Exchange;
let bob: Phone;
let webphone: Webphone;
let server: ControlServer;
/** What Bob was told. */
const told: string[] = [];
/** CDRs of the calls that were begun. */
let ended = 0;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

beforeAll(async () => {
  exchange = await new Exchange({ users: { alice: 'secret', bob: 'pw' } }).start();
  bob = new Phone({ server: exchange.address, username: 'bob', password: 'pw', engine, listen: LOOPBACK });
  bob.messages.on('message', ({ body }) => void told.push(body));
  await bob.register();
  webphone = new Webphone({
    startsipstack: 0,
    settings: {
      serveraddress: exchange.address,
      username: 'alice',
      password: 'secret',
      register: 2,
      logtoconsole: 0,
    },
    phone: { engine, listen: LOOPBACK },
  });
  webphone.notifications.on('CDR', () => ended++);
  server = new ControlServer(webphone, { port: 0, udpPort: 0, streams });
  await server.start();
  webphone.API_Start();
  await until(() => webphone.API_IsRegistered());
});

afterAll(async () => {
  await server.close();
  await webphone.close();
  await bob.close();
  await exchange.close();
});

describe('the same thirty requests', () => {
  const combinations = Object.entries(WAYS).flatMap(([way, { takes, open }]) =>
    ENCODINGS.filter(takes).map((by) => ({ way, format: by.name, by, open })),
  );

  it.each(combinations)(
    '[socket-api/0] [socket-api/1] have the same results over $way as $format',
    async ({ by, open }) => {
      told.length = 0;
      ended = 0;
      const closes: Array<() => unknown> = [];
      const ask = await open({ server, ...streams }, closes);
      const results: string[] = [];
      for (const { name, args } of THIRTY) results.push(by.result(await ask(by.encode(name, args), by)));
      expect(results).toEqual(RESULTS);
      await until(() => told.length > 0 && ended > 0);
      expect({ told, ended }).toEqual({ told: ['hello, how are you?'], ended: 1 });
      for (const close of closes) close();
    },
  );

  it.each([
    ['API_Cal', {}, 'ERROR: there is no function API_Cal; did you mean API_Call?'],
    ['hangpu', { line: '-1' }, 'ERROR: there is no function hangpu; did you mean API_Hangup?'],
    [
      'API_Call',
      { line: '1' },
      "ERROR: API_Call: argument 'peer' is missing; it takes (line, peer, [calltype])",
    ],
    [
      'API_Hold',
      { line: 'one' },
      "ERROR: API_Hold: argument 'line' is not of type int; it takes (line, [hold])",
    ],
    [
      'API_SetParameter',
      { param: 'usrname', value: 'x' },
      'ERROR: "usrname" is not a setting; did you mean username?',
    ],
    ['API_SetParameter', { param: 'holdtype', value: 'nine' }, /^ERROR: holdtype: .*nine/],
    ['API_Hangup', { line: '7' }, 'ERROR: failed'],
  ] as const)('a mistake in %s %j is explained in the answer', async (name, args, expected) => {
    for (const by of ENCODINGS.filter(({ name }) => name === 'json' || name === 'comma')) {
      const ask = await WAYS['http post'].open({ server, ...streams }, []);
      const answer = by.result(await ask(by.encode(name, Object.entries(args)), by));
      expect(answer, by.name).toEqual(
        typeof expected === 'string' ? expected : expect.stringMatching(expected),
      );
    }
  });

  it('have these results in process as well, as values', async () => {
    const results: unknown[] = [];
    for (const { name, args } of THIRTY) results.push(await webphone.execute(name, Object.fromEntries(args)));
    const values = new Map<string, unknown>([
      ['OK: initiated', true],
      ['ERROR: failed', false],
      ['OK', undefined],
      ['1', 1],
    ]);
    expect(results).toEqual(RESULTS.map((text) => (values.has(text) ? values.get(text) : text)));
  });
});

describe('everybody at once', () => {
  it('[notifications/0] [notifications/3] a listener, a TCP client and an HTTP poller of a phone that calls each see every notification once', async () => {
    const port = server.addresses.tcp?.port ?? 0;
    const client = new TcpClient(port);
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    const polled: string[] = [];
    const poll = async (): Promise<void> => {
      const { text } = await http(port, '/?function=API_PollNotificationStrings&client=poller');
      polled.push(...framed(text.replace(/^.*?APIRESULT:/s, '')));
    };
    await poll();
    polled.length = 0;
    client.text = '';
    const heard: string[] = [];
    const end = webphone.notifications.subscribe((one) => void heard.push(String(one)));
    for (let call = 1; call <= 5; call++) {
      ended = 0;
      webphone.API_Call(-1, 'echo');
      await until(() => heard.filter((one) => one.startsWith('STATUS,1,Speaking')).length === call);
      await poll();
      webphone.API_Hangup(-1);
      await until(() => ended === 1);
    }
    await until(() => heard.at(-1)?.startsWith('STATUS,-1,Registered') === true);
    end();
    await poll();
    await client.until(/(CDR,[\s\S]*){5}STATUS,-1,Registered/);
    expect(heard.length).toBeGreaterThan(80);
    expect(polled).toEqual(heard);
    expect(framed(client.text)).toEqual(heard);
    client.close();
  });
});

/** The notifications in a text, which have their prefix and their end, all of them. */
function framed(text: string): string[] {
  const records = text.split(',NEOL \r\n');
  expect(records.pop()).toBe('');
  return records.map((record) => {
    expect(record).toMatch(/^WPNOTIFICATION,/);
    return record.slice('WPNOTIFICATION,'.length);
  });
}
