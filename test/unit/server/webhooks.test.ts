/** Webhooks: which notifications set one off, what is replaced, order, retries and bounds; in virtual time. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { followHooks, Webhooks } from '../../../src/server/index.js';
import type { HookRequest } from '../../../src/server/webhooks/hook-queue.js';
import { fillData, fillUrl, type HookFacts } from '../../../src/server/webhooks/hook-template.js';
import { NotificationHub, Settings } from '../../../src/webphone/index.js';

const identity = () => ({
  username: 'anna',
  serveraddress: 'sip.example.com',
  deviceid: 'dev1',
  guid: 'guid1',
});
const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Hooks of these settings, with a server whose answers are `answer`. */
function world(
  settings: Record<string, string>,
  answer: (request: HookRequest, n: number) => number | Error = () => 200,
) {
  const clock = new VirtualClock();
  const hub = new NotificationHub(clock);
  const table = new Settings();
  const set = (more: Record<string, string>): void => {
    for (const [name, value] of Object.entries(more))
      expect(table.set(name, value)).toMatchObject({ ok: true });
  };
  set(settings);
  const sent: HookRequest[] = [];
  const hooks = new Webhooks(hub, {
    identity,
    clock,
    send: async (request) => {
      sent.push(request);
      const result = answer(request, sent.length);
      if (result instanceof Error) throw result;
      return result;
    },
  });
  followHooks(table, hooks);
  closers.push(() => hooks.close());
  return { clock, hub, table, set, hooks, sent, urls: () => sent.map(({ url }) => url) };
}

describe('a webhook', () => {
  it('[webhooks/0] [param:externapiX_url] [param:externapiX_event] is requested for the notifications it names, with all their values', async () => {
    const { hub, clock, urls, sent } = world({
      externapi1_url: 'https://example.com/cdrhandler?ALLPARAMETERS',
      externapi1_event: 'CDR',
      externapi2_url: 'https://example.com/messages/?PARAMETER_peername_EOF',
      externapi2_event: 'CHAT,USSD',
    });
    hub.publish('CDR', { line: 1, peername: '112233', reasontext: 'bye & received', duration: 1429 });
    hub.publish('CHAT', { line: 1, peername: 'bob & co', text: 'hi' });
    hub.publish('DTMF', { line: 1, msg: '7' });
    await clock.run(10);
    expect(urls()).toEqual([
      'https://example.com/cdrhandler?event=CDR&line=1&peername=112233&duration=1429&reasontext=bye%20%26%20received',
      'https://example.com/messages/?bob%20%26%20co',
    ]);
    expect(sent[0].method).toBe('GET');
  });

  it('[webhooks/0] [param:externapiX_line] [param:externapiX_dir] [param:externapiX_filter] is filtered by line, direction and text', async () => {
    const { hub, clock, urls } = world({
      externapi4_url: 'http://127.0.0.1:8080/USERNAME?global',
      externapi4_event: 'STATUS',
      externapi4_line: '-1',
      externapi5_url:
        'http://example.com/?user=USERNAME&caller=PARAMETER_peername_EOF&callid=PARAMETER_callid_EOF&n=JSEQ&d=DEVICEID&g=JGUID&s=SERVERADDRESS',
      externapi5_event: 'STATUS',
      externapi5_line: '-2',
      externapi5_dir: '2',
      externapi5_filter: 'CallSetup',
    });
    hub.publish('STATUS', { line: -1, statustext: 'Ready' });
    hub.publish('STATUS', {
      line: 1,
      statustext: 'CallSetup',
      peername: 'carl',
      endpointtype: 1,
      callid: 'a@b',
    });
    hub.publish('STATUS', {
      line: 1,
      statustext: 'Ringing',
      peername: 'carl',
      endpointtype: 2,
      callid: 'a@b',
    });
    hub.publish('STATUS', {
      line: 2,
      statustext: 'CallSetup',
      peername: 'carl',
      endpointtype: 2,
      callid: 'a@b',
    });
    await clock.run(10);
    expect(urls().sort()).toEqual([
      'http://127.0.0.1:8080/anna?global',
      'http://example.com/?user=anna&caller=carl&callid=a%40b&n=2&d=dev1&g=guid1&s=sip.example.com',
    ]);
  });

  it('[param:externapiX_data] posts its data, encoded as what it is', async () => {
    const { hub, clock, sent } = world({
      externapi1_url: 'http://h/1',
      externapi1_data: '{"who":"PARAMETER_peername_EOF","text":"PARAMETER_text_EOF"}',
      externapi2_url: 'http://h/2',
      externapi2_data: 'ALLPARAMETERS',
      externapi3_url: 'http://h/3',
      externapi3_data: '<m>PARAMETER_text_EOF</m>',
    });
    hub.publish('CHAT', { line: 1, peername: 'bob', text: 'he said "a<b" &\nleft' });
    await clock.run(10);
    expect(sent.map(({ method, mediaType }) => `${method} ${mediaType}`)).toEqual([
      'POST application/json',
      'POST application/x-www-form-urlencoded',
      'POST application/xml; charset=utf-8',
    ]);
    expect(JSON.parse(sent[0].body ?? '')).toEqual({ who: 'bob', text: 'he said "a<b" &\nleft' });
    expect(new URLSearchParams(sent[1].body).get('text')).toBe('he said "a<b" &\nleft');
    expect(sent[2].body).toBe('<m>he said &#34;a&#60;b&#34; &#38;\nleft</m>');
  });

  it('[webhooks/1] is cleared by null, and so are its filters', async () => {
    const { hub, clock, set, urls } = world({
      externapi1_url: 'http://h/1',
      externapi2_url: 'http://h/2',
      externapi2_event: 'CDR',
    });
    set({ externapi1_url: 'null', externapi2_event: 'null' });
    hub.publish('DTMF', { line: 1, msg: '7' });
    await clock.run(10);
    expect(urls()).toEqual(['http://h/2']);
  });

  it('tries again, later each time, and keeps the order', async () => {
    const { hub, clock, urls, hooks } = world({ externapi1_url: 'http://h/PARAMETER_msg_EOF' }, (_, n) =>
      n === 1 ? new Error('refused') : n === 2 ? 503 : 200,
    );
    for (const msg of ['1', '2', '3']) hub.publish('DTMF', { line: 1, msg });
    await clock.run(999);
    expect(urls()).toEqual(['http://h/1']);
    await clock.run(2);
    expect(urls()).toHaveLength(2);
    await clock.run(3900);
    expect(urls()).toHaveLength(2);
    await clock.run(200);
    expect(urls()).toEqual(['http://h/1', 'http://h/1', 'http://h/1', 'http://h/2', 'http://h/3']);
    expect(hooks.lost).toBe(0);
  });

  it('gives up after five attempts, and at once what is refused for good', async () => {
    const { hub, clock, urls, hooks } = world({ externapi1_url: 'http://h/PARAMETER_msg_EOF' }, ({ url }) =>
      url.endsWith('/1') ? 500 : url.endsWith('/2') ? 404 : 200,
    );
    for (const msg of ['1', '2', '3']) hub.publish('DTMF', { line: 1, msg });
    await clock.run(200_000);
    expect(urls()).toEqual([...Array.from({ length: 5 }, () => 'http://h/1'), 'http://h/2', 'http://h/3']);
    expect(hooks.lost).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it('is bounded, and does not hold up the others', async () => {
    const { hub, clock, urls, hooks } = world(
      { externapi1_url: 'http://slow/PARAMETER_msg_EOF', externapi2_url: 'http://quick/PARAMETER_msg_EOF' },
      ({ url }) => (url.startsWith('http://slow') ? new Error('down') : 200),
    );
    for (let i = 0; i < 1100; i++) hub.publish('DTMF', { line: 1, msg: String(i) });
    await clock.run(500);
    expect(urls().filter((url) => url.startsWith('http://quick/'))).toHaveLength(1000);
    expect(urls().filter((url) => url.startsWith('http://slow'))).toEqual(['http://slow/0']);
    expect(hooks.lost).toBe(200);
  });

  it('goes nowhere but to http and https', async () => {
    const { hub, clock, sent } = world({
      externapi1_url: 'file:///etc/passwd',
      externapi2_url: 'PARAMETER_msg_EOF',
      externapi3_url: 'http://',
    });
    hub.publish('DTMF', { line: 1, msg: 'http://evil.example/' });
    await clock.run(10);
    expect(sent).toEqual([]);
  });

  it('reaches a real server', async () => {
    const seen: Array<{ request: IncomingMessage; body: string }> = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push({ request, body });
        response.end('ok');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const hub = new NotificationHub();
    const hooks = new Webhooks(hub, { identity });
    hooks.configure(
      new Map([[1, { url: `http://127.0.0.1:${port}/x?ALLPARAMETERS`, data: 'a=PARAMETER_msg_EOF' }]]),
    );
    hub.publish('DTMF', { line: 1, msg: '#' });
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0].request.url).toBe('/x?event=DTMF&line=1&msg=%23');
    expect(seen[0].body).toBe('a=%23');
    hooks.close();
    server.close();
  });
});

describe('keywords', () => {
  const facts = (value: string): HookFacts => ({
    username: value,
    serveraddress: value,
    deviceid: value,
    guid: value,
    sequence: 7,
    parameters: [['peername', value]],
  });

  it('are not replaced within values', () => {
    expect(fillUrl('http://h/USERNAME', facts('JSEQ'))).toBe('http://h/JSEQ');
    expect(fillUrl('http://h/PARAMETER_peername_EOF', facts('ALLPARAMETERS'))).toBe('http://h/ALLPARAMETERS');
  });

  it('never let a value out of its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const url = new URL(fillUrl('http://h/?a=USERNAME&b=PARAMETER_peername_EOF', facts(value)));
        expect([url.host, url.searchParams.get('a'), url.searchParams.get('b'), url.hash]).toEqual([
          'h',
          value,
          value,
          '',
        ]);
        const json = JSON.parse(fillData('{"a":"USERNAME"}', facts(value)).body) as unknown;
        expect(json).toEqual({ a: value });
      }),
    );
  });
});
