/** The control server on loopback sockets, with a phone that is none. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ControlServer, type ControlServerOptions } from '../../../src/server/index.js';
import { Collector, http, TcpClient, UdpClient } from '../../support/control/clients.js';
import { FakeTarget } from '../../support/control/fake-target.js';
import { encoding } from '../../support/control/requests.js';
import { WAYS } from '../../support/control/ways.js';

let target: FakeTarget;
let server: ControlServer;
let cleanups: Array<() => unknown> = [];

async function start(options: ControlServerOptions = {}): Promise<void> {
  server = new ControlServer(target, { port: 0, udpPort: 0, version: '1.0', ...options });
  await server.start();
}
const tcpPort = (): number => server.addresses.tcp?.port ?? 0;
const udpPort = (): number => server.addresses.udp?.port ?? 0;
function tcp(): TcpClient {
  const client = new TcpClient(tcpPort());
  cleanups.push(() => client.close());
  return client;
}
async function udp(): Promise<UdpClient> {
  const client = await UdpClient.to(udpPort());
  cleanups.push(() => client.close());
  return client;
}
async function webSocket(
  query = '',
  headers: Record<string, string> = {},
): Promise<WebSocket & { seen: Collector }> {
  const socket = Object.assign(new WebSocket(`ws://127.0.0.1:${tcpPort()}/${query}`, { headers }), {
    seen: new Collector(),
  });
  socket.on('message', (data) => socket.seen.add(`${String(data)}\u0000`));
  cleanups.push(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

beforeEach(() => {
  target = new FakeTarget();
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups) cleanup();
  await server.close();
});

describe('TCP', () => {
  it('takes requests in pieces, several at a time, and the samples as they are printed', async () => {
    await start();
    const client = tcp();
    client.send('API_Test');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send('Echo,one\r\nAPI_TestEcho,two\nBOFCOMMANDBOFLINEfunction=API_TestEchoEOFLINEBOF');
    client.send('LINEparam1=threeEOFLINEEOFCOMMANDAPI_TestEcho,four\r\n\r\n');
    client.send('API_Call("1234")');
    await client.until(/API_CallRPARAM1:1234APIRESULT:OK: initiated/);
    expect(client.text.match(/APIRESULT:[a-zO]+K?/g)).toEqual([
      'APIRESULT:one',
      'APIRESULT:two',
      'APIRESULT:three',
      'APIRESULT:four',
      'APIRESULT:OK',
    ]);
  });

  it('answers what was asked before the client closed its side', async () => {
    await start();
    const client = tcp();
    client.socket.end('API_TestEcho,bye');
    await client.ended();
    expect(client.text).toBe('APIREQUEST:API_TestEchoRPARAM1:byeAPIRESULT:bye\r\n');
  });

  it('[socket-api/2] pushes notifications into the same stream after the first request', async () => {
    await start();
    const client = tcp();
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    target.notify('STATUS,1,Ringing,2222,1111,2,Katie,[callid]');
    target.notify('CDR,1, 112233');
    expect(await client.record('\r\n')).toBe(
      'WPNOTIFICATION,STATUS,1,Ringing,2222,1111,2,Katie,[callid],NEOL ',
    );
    expect(await client.record('\r\n')).toBe('WPNOTIFICATION,CDR,1, 112233,NEOL ');
  });

  it('[notifications/3] lets no line of a message pass for another notification', async () => {
    await start();
    const client = tcp();
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    target.notify('CHAT,0,eve,hi\r\nWPNOTIFICATION,CDR,1');
    target.notify('LINE,2');
    expect(await client.record('\r\n')).toBe('WPNOTIFICATION,CHAT,0,eve,hi\nWPNOTIFICATION,CDR,1,NEOL ');
    expect(await client.record('\r\n')).toBe('WPNOTIFICATION,LINE,2,NEOL ');
  });

  it('[notifications/2] stops pushing to a client that polls, and gives it nothing twice', async () => {
    await start();
    const client = tcp();
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    target.notify('EVENT,EVENT,one');
    await client.until(/one/);
    client.send('PollNotificationStrings\r\n');
    await client.until(/APIRESULT:\r\n/);
    target.notify('EVENT,EVENT,two');
    target.notify('EVENT,EVENT,three');
    client.text = '';
    client.send('API_PollNotificationStrings\r\n');
    const [, polled] = await client.until(/APIRESULT:([\s\S]*three,NEOL \r\n)/);
    expect(polled).toBe('WPNOTIFICATION,EVENT,EVENT,two,NEOL \r\nWPNOTIFICATION,EVENT,EVENT,three,NEOL \r\n');
  });

  it('pushes nothing while only polling is wanted, and loses nothing', async () => {
    await start();
    const client = tcp();
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    target.pushes = false;
    target.notify('EVENT,EVENT,one');
    client.send('API_TestEcho,b\r\n');
    expect(await client.record('\r\n')).toContain('RESULT:b');
    client.send('API_PollNotificationStrings\r\n');
    await client.until(/RESULT:WPNOTIFICATION,EVENT,EVENT,one,NEOL/);
  });

  it('cuts off one that sends more than a request may have', async () => {
    await start({ maxRequestBytes: 1000 });
    const client = tcp();
    client.send('x'.repeat(2000));
    await client.ended();
    expect(client.text).toMatch(/^ERROR: .*1000 bytes/);
    expect(server.counters.refused.size).toBe(1);
  });

  it('does not let HTTP through to the text protocol', async () => {
    await start();
    const client = tcp();
    client.send('BREW /?function=API_Call HTTP/1.1\r\nfunction=API_Call,line=1,peer=1\r\n');
    await client.ended();
    expect(target.calls).toEqual([]);
  });

  it('closes what speaks TLS', async () => {
    await start();
    const client = tcp();
    client.socket.write(Buffer.from([0x16, 3, 1, 0, 5]));
    await client.ended();
    expect(client.text).toBe('');
  });

  it('refuses more connections than it may have', async () => {
    await start({ maxConnections: 2 });
    const [one, two] = [tcp(), tcp()];
    one.send('API_TestEcho,a\r\n');
    two.send('API_TestEcho,b\r\n');
    await Promise.all([one.until(/:a/), two.until(/:b/)]);
    await tcp().ended();
    expect(server.counters.refused.connections).toBe(1);
    one.send('API_TestEcho,c\r\n');
    await one.until(/:c/);
  });
});

describe('UDP', () => {
  it('[socket-api/2] pushes notifications to every address that has asked', async () => {
    await start();
    const [one, two] = [await udp(), await udp()];
    one.send('API_TestEcho,a');
    two.send('API_TestEcho,b');
    expect([await one.next(), await two.next()]).toEqual([
      'APIREQUEST:API_TestEchoRPARAM1:aAPIRESULT:a',
      'APIREQUEST:API_TestEchoRPARAM1:bAPIRESULT:b',
    ]);
    target.notify('DTMF,1,7');
    expect([await one.next(), await two.next()]).toEqual([
      'WPNOTIFICATION,DTMF,1,7,NEOL \r\n',
      'WPNOTIFICATION,DTMF,1,7,NEOL \r\n',
    ]);
  });

  it('[param:wpapiconnectport] tells the old port until somebody asks, and from the port that listens', async () => {
    const old = await UdpClient.to(1);
    cleanups.push(() => old.close());
    await start({ outband: { port: old.port, when: 'unheard' } });
    target.notify('START,api');
    expect(await old.next()).toBe('WPNOTIFICATION,START,api,NEOL \r\n');
    const client = await udp();
    client.send('API_TestEcho,a');
    await client.next();
    target.notify('START,sip');
    expect(await client.next()).toBe('WPNOTIFICATION,START,sip,NEOL \r\n');
    expect(old.received).toEqual([]);
  });

  it('says so when the port for TCP is taken, and is freed without a complaint', async () => {
    await start();
    const second = new ControlServer(target, { port: tcpPort(), udpPort: 0 });
    await expect(second.start()).rejects.toMatchObject({ code: 'ERR_CONTROL_LISTEN' });
    await second.close();
    expect(second.addresses).toEqual({ udp: undefined, tcp: undefined });
  });

  it('takes another port when the wanted one is taken', async () => {
    const other = new ControlServer(target, { udpPort: 0 });
    await other.start();
    const taken = other.addresses.udp?.port ?? 0;
    await start({ udpPort: taken });
    expect(udpPort()).not.toBe(taken);
    const client = await udp();
    client.send('API_TestEcho,a');
    expect(await client.next()).toContain('APIRESULT:a');
    await other.close();
  });

  it('says so when an answer is too large for a datagram', async () => {
    await start();
    const client = await udp();
    client.send('API_TestEcho,a');
    await client.next();
    client.send('API_PollNotificationStrings');
    await client.next();
    target.notify(`LOG,EVENT,${'x'.repeat(70_000)}`);
    client.send('API_PollNotificationStrings');
    expect(await client.next()).toMatch(/^ERROR: the answer has \d+ bytes/);
  });

  it('[notifications/3] leaves for the next poll what does not fit', async () => {
    await start();
    const client = await udp();
    client.send('API_PollNotificationStrings');
    await client.next();
    for (let i = 0; i < 20; i++) target.notify(`LOG,EVENT,${i} ${'x'.repeat(5000)}`);
    const polled: string[] = [];
    for (let i = 0; i < 3; i++) {
      client.send('API_PollNotificationStrings');
      polled.push(...((await client.next()).match(/LOG,EVENT,\d+/g) ?? []));
    }
    expect(polled).toEqual(Array.from({ length: 20 }, (_, i) => `LOG,EVENT,${i}`));
  });

  it('cuts a notification that does not fit, whatever characters it is made of', async () => {
    await start();
    const client = await udp();
    client.send('API_TestEcho,a');
    await client.next();
    target.notify(`LOG,EVENT,${'€'.repeat(40_000)}`);
    expect(await client.next()).toMatch(/^WPNOTIFICATION,LOG,EVENT,€{19000,},NEOL \r\n$/);
  });

  it('does not answer answers, which another server would answer in turn', async () => {
    await start();
    const client = await udp();
    for (const text of ['APIREQUEST:API_TestAPIRESULT:OK', 'WPNOTIFICATION,LINE,1,NEOL \r\n', 'ERROR: no'])
      client.send(text);
    client.send('\ufeff{"function":"API_TestEcho","echo":"a"}');
    expect(await client.next()).toContain('"result":"a"');
    expect(client.received).toEqual([]);
  });
});

describe('HTTP', () => {
  it('has statuses for what goes wrong', async () => {
    await start({ maxRequestBytes: 1000 });
    const json = { 'Content-Type': 'application/json' };
    expect(await http(tcpPort(), '/?function=API_Nothing')).toMatchObject({
      status: 404,
      text: expect.stringMatching(/ERROR/),
    });
    expect(await http(tcpPort(), '/', { method: 'POST', body: '{', headers: json })).toMatchObject({
      status: 400,
    });
    expect(
      JSON.parse((await http(tcpPort(), '/', { method: 'POST', body: '{', headers: json })).text),
    ).toMatchObject({ ok: false });
    expect(await http(tcpPort(), '/', { method: 'POST', body: 'x'.repeat(2000) })).toMatchObject({
      status: 413,
    });
    expect(await http(tcpPort(), '/nothing')).toMatchObject({ status: 404 });
    expect(await http(tcpPort(), '/', { method: 'DELETE' })).toMatchObject({ status: 405 });
  });

  it('answers in JSON when asked to, whatever the request is', async () => {
    await start();
    const { text } = await http(tcpPort(), '/?function=API_Call&line=-1&peer=1', {
      headers: { Accept: 'application/json' },
    });
    expect(JSON.parse(text)).toMatchObject({
      function: 'API_Call',
      ok: true,
      value: true,
      result: 'OK: initiated',
    });
  });

  it('takes the function from the path', async () => {
    await start();
    expect((await http(tcpPort(), '/API_TestEcho?echo=a')).text).toBe(
      'APIREQUEST:API_TestEchoRPARAM1:aAPIRESULT:a',
    );
    const headers = { 'Content-Type': 'application/json' };
    const { text } = await http(tcpPort(), '/API_TestEcho', {
      method: 'POST',
      body: '{"echo":"b"}',
      headers,
    });
    expect(JSON.parse(text)).toMatchObject({ result: 'b' });
  });

  it('describes every function', async () => {
    await start();
    const { text } = await http(tcpPort(), '/openapi.json');
    const api = JSON.parse(text) as {
      openapi: string;
      paths: Record<string, { get: { parameters: unknown[] } }>;
    };
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.paths)).toHaveLength(target.functions.length - 1);
    expect(api.paths['/API_Call'].get.parameters).toEqual([
      { name: 'line', in: 'query', required: false, schema: { type: 'integer' } },
      { name: 'peer', in: 'query', required: true, schema: { type: 'string' } },
    ]);
  });

  it('tells what it is, how it is, and what it has counted', async () => {
    await start();
    expect(await http(tcpPort(), '/')).toMatchObject({
      status: 200,
      text: expect.stringContaining('control server'),
    });
    expect(JSON.parse((await http(tcpPort(), '/health')).text)).toMatchObject({ ok: true });
    await http(tcpPort(), '/?function=API_TestEcho&echo=a');
    expect((await http(tcpPort(), '/metrics')).text).toContain(
      'switchhook_control_requests_total{transport="http"} 1',
    );
  });

  it('[socket-api/2] gives pollers their notifications, each name its own', async () => {
    await start();
    const poll = async (name?: string) =>
      (
        await http(tcpPort(), `/?function=API_PollNotificationStrings${name ? `&client=${name}` : ''}`)
      ).text.replace(/^.*APIRESULT:/, '');
    await poll('a');
    await poll('b');
    target.notify('EVENT,EVENT,one');
    const one = 'WPNOTIFICATION,EVENT,EVENT,one,NEOL \r\n';
    expect([await poll('a'), await poll('a'), await poll('b'), await poll(), await poll()]).toEqual([
      one,
      '',
      one,
      one,
      '',
    ]);
  });

  it('lets a poller wait', async () => {
    await start();
    const waiting = http(tcpPort(), '/?function=API_GetNotificationStrings&client=a');
    await new Promise((resolve) => setTimeout(resolve, 50));
    target.notify('EVENT,EVENT,late');
    expect((await waiting).text).toContain('WPNOTIFICATION,EVENT,EVENT,late,NEOL');
  });

  it('keeps for the next poll what came after a poller had gone', async () => {
    await start();
    const client = tcp();
    client.send('GET /?function=API_GetNotificationStrings&client=a HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await http(tcpPort(), '/?function=API_Test');
    client.close();
    await client.ended();
    await http(tcpPort(), '/?function=API_Test');
    target.notify('EVENT,EVENT,late');
    const { text } = await http(tcpPort(), '/?function=API_PollNotificationStrings&client=a');
    expect(text).toContain('EVENT,EVENT,late');
  });

  it('sends notifications as events, and those that were missed', async () => {
    await start();
    const stream = async (headers: Record<string, string>) => {
      const client = tcp();
      const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
      client.send(`GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`);
      await client.until(/: switchhook/);
      return client;
    };
    const first = await stream({});
    target.notify('DTMF,1,7');
    await first.until(/id: 1\nevent: DTMF\ndata: DTMF,1,7\n\n/);
    first.close();
    target.notify('DTMF,1,8');
    const second = await stream({ 'Last-Event-ID': '1' });
    await second.until(/id: 2\nevent: DTMF\ndata: DTMF,1,8\n\n/);
    expect(second.text).not.toContain('DTMF,1,7');
    // A number of a run before this one: nothing of this one has been seen.
    const third = await stream({ 'Last-Event-ID': '700' });
    await third.until(/DTMF,1,7\n\nid: 2\n/);
  });

  it('ignores the upgrades it does not know, as Java and curl offer them', async () => {
    await start();
    const client = tcp();
    const offer =
      'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n';
    client.send(`GET /?function=API_TestEcho&echo=one HTTP/1.1\r\n${offer}\r\n`);
    await client.until(/ 200 OK[\s\S]*APIRESULT:one/);
    client.send(`POST /API_TestEcho HTTP/1.1\r\n${offer}Content-Length: 8\r\n\r\necho=two`);
    await client.until(/ 200 OK[\s\S]*APIRESULT:two/);
  });

  it('says what is wrong with a head that is too long, and has no body for HEAD', async () => {
    await start();
    const long = await http(tcpPort(), '/', { headers: { 'X-Long': 'x'.repeat(20_000) } });
    expect(long.status).toBe(431);
    const events = await http(tcpPort(), '/events', { method: 'HEAD' });
    expect(events).toMatchObject({ status: 200, text: '' });
  });

  it('says that it reads nothing compressed', async () => {
    await start();
    const body = 'function=API_Test';
    const headers = { 'Content-Encoding': 'gzip' };
    const refused = await http(tcpPort(), '/', { method: 'POST', body, headers });
    expect([refused.status, refused.headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  it('takes JSON that begins with a byte order mark', async () => {
    await start();
    const body = '\ufeff{"function":"API_TestEcho","echo":"a"}';
    expect((await http(tcpPort(), '/', { method: 'POST', body })).text).toContain('"result":"a"');
  });
});

describe('the end', () => {
  it('reaches every client after what was told last', async () => {
    await start();
    const client = tcp();
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    const events = tcp();
    events.send('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await events.until(/: switchhook/);
    const waiting = http(tcpPort(), '/?function=API_GetNotificationStrings&client=late');
    const socket = await webSocket('?format=text');
    const closed = once(socket, 'close');
    target.notify('STOP,api');
    await server.close();
    await Promise.all([client.ended(), events.ended()]);
    expect(client.text).toBe('WPNOTIFICATION,STOP,api,NEOL \r\n');
    expect(events.text).toMatch(/data: STOP,api\n\n\r\n0\r\n\r\n$/);
    expect((await waiting).text).toContain('STOP,api');
    expect(socket.seen.text).toContain('STOP,api');
    expect((await closed)[0]).toBe(1001);
  });

  it('does not wait long for one that keeps its side open', async () => {
    await start();
    const client = tcp();
    client.socket.removeAllListeners('end');
    client.send('API_TestEcho,a\r\n');
    await client.record('\r\n');
    await server.close();
    expect(client.closed).toBe(false);
  });
});

describe('WebSocket', () => {
  it('answers in the format of the request, and pushes notifications', async () => {
    await start();
    const socket = await webSocket();
    socket.send(JSON.stringify({ function: 'API_Call', line: -1, peer: '1', id: 'x' }));
    expect(JSON.parse(await socket.seen.record('\u0000'))).toMatchObject({
      id: 'x',
      result: 'OK: initiated',
    });
    socket.send('API_TestEcho,a');
    expect(await socket.seen.record('\u0000')).toBe('APIREQUEST:API_TestEchoRPARAM1:aAPIRESULT:a');
    target.notify('DTMF,1,7');
    expect(JSON.parse(await socket.seen.record('\u0000'))).toEqual({
      notification: 'DTMF,1,7',
      kind: 'DTMF',
      number: 1,
    });
  });

  it('pushes plain strings when asked to', async () => {
    await start();
    const socket = await webSocket('?format=text');
    target.notify('DTMF,1,7');
    expect(await socket.seen.record('\u0000')).toBe('WPNOTIFICATION,DTMF,1,7,NEOL \r\n');
  });

  it('pushes nothing while only polling is wanted', async () => {
    await start();
    const socket = await webSocket('?format=text');
    target.pushes = false;
    target.notify('DTMF,1,7');
    socket.send('API_PollNotificationStrings');
    expect(await socket.seen.record('\u0000')).toContain('APIRESULT:WPNOTIFICATION,DTMF,1,7,NEOL');
  });

  it('closes a connection that sends too much', async () => {
    await start({ maxRequestBytes: 1000 });
    const socket = await webSocket();
    socket.send('x'.repeat(5000));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });
});

describe('everybody at once', () => {
  it('a listener, a TCP client and an HTTP poller each see every notification once, in order', async () => {
    await start();
    const heard: string[] = [];
    target.notifications.subscribe((notification) => void heard.push(notification.toString()));
    const stream = tcp();
    stream.send('API_TestEcho,a\r\n');
    await stream.record('\r\n');
    const sent = Array.from({ length: 500 }, (_, i) => `EVENT,EVENT,number ${i}`);
    const polled: string[] = [];
    const poll = async (): Promise<void> => {
      const { text } = await http(tcpPort(), '/?function=API_PollNotificationStrings');
      polled.push(
        ...text
          .replace(/^.*APIRESULT:/, '')
          .split(',NEOL \r\n')
          .filter(Boolean),
      );
    };
    for (const [i, line] of sent.entries()) {
      target.notify(line);
      if (i % 50 === 0) await poll();
    }
    await poll();
    await stream.until(/number 499,NEOL/);
    const framed = sent.map((line) => `WPNOTIFICATION,${line}`);
    expect(heard).toEqual(sent);
    expect(stream.text.split(',NEOL \r\n').filter(Boolean)).toEqual(framed);
    expect(polled).toEqual(framed);
  });

  it('drives many clients over all transports at a time', async () => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    await start({ streams });
    const clients = await Promise.all(
      Object.entries(WAYS).flatMap(([name, { open }]) =>
        Array.from({ length: name === 'standard input' ? 1 : 5 }, () =>
          open({ server, ...streams }, cleanups),
        ),
      ),
    );
    const query = encoding('query');
    const answers = await Promise.all(
      clients.map(async (ask, i) =>
        query.result(await ask(query.encode('API_TestEcho', [['echo', `c${i}`]]), query)),
      ),
    );
    expect(answers).toEqual(clients.map((_, i) => `c${i}`));
  });
});
