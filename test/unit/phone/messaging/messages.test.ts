import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type IncomingMessage,
  MemoryMessageStore,
  type MessageReportEvent,
  type MessagesOptions,
} from '../../../../src/phone/index.js';
import { type CpimMessage, parseCpim, parseImdn, printImdn } from '../../../../src/ua/index.js';
import { FakeRegistrar } from '../../../support/fake-registrar.js';
import { neighbours } from '../../../support/neighbours.js';
import { outcome } from '../../../support/outcome.js';
import { PhoneWorld } from '../../../support/phone-world.js';

const BOB = 'sip:bob@10.0.0.2';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

async function chat(ofAlice: MessagesOptions = {}, ofBob: MessagesOptions = {}) {
  const { world, alice, bob } = await neighbours({ messages: ofAlice }, { messages: ofBob });
  const came: IncomingMessage[] = [];
  const reports: MessageReportEvent[] = [];
  bob.messages.on('message', (message) => came.push(message));
  alice.messages.on('report', (report) => reports.push(report));
  const statuses = (): string[] => reports.map(({ status }) => status);
  return { world, alice, bob, came, reports, statuses };
}

/** Alice and a scripted Bob. */
async function scripted(options: MessagesOptions = {}, script: number[] = []) {
  const world = new PhoneWorld();
  const peer = await world.peer('bob', '10.0.0.2');
  peer.onRequest = (request) => {
    const status = request.method === 'MESSAGE' ? (script.shift() ?? 200) : 200;
    if (status !== 0) peer.respond(request, status);
  };
  const alice = world.phone('10.0.0.1', {
    server: '10.0.0.2',
    domain: '10.0.0.1',
    username: 'alice',
    messages: options,
  });
  await alice.start();
  const reports: MessageReportEvent[] = [];
  alice.messages.on('report', (report) => reports.push(report));
  const fromBob = async (text: string, headers: Record<string, string> = {}, more = {}): Promise<number> => {
    await peer.request('MESSAGE', { uri: 'sip:alice@10.0.0.1', host: '10.0.0.1' } as never, {
      sdp: text,
      contentType: 'text/plain',
      headers,
      callId: `m-${++sent}`,
      ...more,
    });
    await world.run(50);
    return peer.answer('MESSAGE').status;
  };
  let sent = 0;
  return {
    world,
    alice,
    peer,
    reports,
    fromBob,
    script,
    statuses: () => reports.map(({ status }) => status),
  };
}

describe('a message', () => {
  it('[im-chat/0] goes out as MESSAGE with an id; reports say init, sending, sent', async () => {
    const { world, alice, peer, reports, statuses } = await scripted();
    const sent = await world.soon(alice.messages.send('sip:bob@10.0.0.2', 'Hi, Bob!', { id: '17' }));
    expect(sent).toMatchObject({ id: '17', status: 'sent', peer: { user: 'bob' } });
    expect(statuses()).toEqual(['init', 'sending', 'sent']);
    expect(reports[2]).toMatchObject({
      id: '17',
      peer: { user: 'bob' },
      group: '',
      md5: md5('Hi, Bob!'),
      statusText: 'OK',
    });
    const message = peer.last('MESSAGE');
    expect(message.bodyText).toBe('Hi, Bob!');
    expect(message.get('Content-Type')).toBe('text/plain');
    expect(message.get('X-Message-ID')).toMatch(/^\w{20}$/);
    expect(message.has('Contact')).toBe(false); // RFC 3428 §5
    await world.end();
  });

  it('[im-chat/0] reports say failed with the reason, and queued', async () => {
    const { world, alice, reports, statuses } = await scripted({}, [404, 403, 480]);
    const failed = outcome(alice.messages.send(BOB, 'one', { id: 'a' }));
    await world.run(50);
    expect(statuses()).toEqual(['init', 'sending', 'queued']); // Bob may appear later
    expect(failed.text).toBe('done');
    const refused = outcome(alice.messages.send(BOB, 'two', { id: 'b' }));
    await world.run(50);
    expect(refused.text).toBe('ERR_MESSAGE_REJECTED');
    expect(reports.at(-1)).toMatchObject({ id: 'b', status: 'failed', error: { details: { status: 403 } } });
    expect(reports.at(-1)?.statusText).toContain('403');
    await world.end();
  });

  it('[im-chat/1] to a group carries its name, the members joined by " | ", and the prefix GROUP: name:', async () => {
    const { world, alice, bob, came, reports } = await chat();
    const group = alice.messages.group(['alice', 'bob@10.0.0.2']);
    expect(group.name).toBe('alice | bob@10.0.0.2');
    await world.soon(group.send('Hi all'));
    expect(came[0]).toMatchObject({
      body: 'GROUP: alice | bob@10.0.0.2: Hi all',
      group: 'alice | bob@10.0.0.2',
      text: 'Hi all',
    });
    expect(reports.at(-1)).toMatchObject({ group: 'alice | bob@10.0.0.2', status: 'sent' });
    await world.soon(alice.messages.send(BOB, 'Hi', { group: 'emma | john | linda' }));
    expect(came[1]).toMatchObject({ group: 'emma | john | linda', text: 'Hi' });
    expect(bob.messages.group('emma | john | linda').members).toEqual(['emma', 'john', 'linda']);
    await world.end();
  });

  it('[im-chat/2] typing is told once, again while it goes on, and when it ends; heard it times out (RFC 3994)', async () => {
    const { world, alice, bob } = await chat();
    const heard: string[] = [];
    bob.messages.on('typing', ({ peer, typing }) => heard.push(`${peer.user} ${typing}`));
    for (let n = 0; n < 100; n++) {
      alice.messages.typing(BOB);
      await world.run(1000);
    }
    expect(world.count('MESSAGE')).toBe(2); // at once and after 90 s
    expect(heard).toEqual(['alice true']);
    await world.run(20_000);
    expect(heard).toEqual(['alice true', 'alice false']);
    alice.messages.typing(BOB);
    await world.run(100);
    await world.soon(alice.messages.send(BOB, 'done'));
    expect(heard.slice(2)).toEqual(['alice true', 'alice false']); // the message ends it
    const before = world.count('MESSAGE');
    await world.run(30_000);
    expect(world.count('MESSAGE')).toBe(before);
    alice.messages.typing(BOB);
    await world.run(100);
    world.network.lose = (packet) => packet.text.includes('idle');
    await world.run(121_000);
    expect(heard.slice(4)).toEqual(['alice true', 'alice false']); // its refresh did not come
    await world.end();
  });

  it('[im-chat/3] what failed waits, and goes out again on register, in order and once', async () => {
    const world = new PhoneWorld();
    const registrar = await FakeRegistrar.start(world, '10.0.0.100');
    const alice = world.phone('10.0.0.1', { server: '10.0.0.100', username: 'alice' });
    const reports: MessageReportEvent[] = [];
    alice.messages.on('report', (report) => reports.push(report));
    const sending = ['one', 'two', 'three'].map((text) => alice.messages.send('bob', text));
    await world.run(50);
    registrar.others.shift()?.tx.reply(480);
    await world.run(50);
    registrar.others.shift()?.tx.reply(480);
    await world.run(50);
    registrar.others.shift()?.tx.reply(480);
    await world.run(50);
    expect((await Promise.all(sending)).map(({ status }) => status)).toEqual(['queued', 'queued', 'queued']);
    expect(reports.at(-1)).toMatchObject({ status: 'queued', md5: md5('onetwothree') });
    await world.run(10_000);
    await world.soon(alice.register());
    const bodies: string[] = [];
    for (let n = 0; n < 5; n++) {
      const next = registrar.others.shift();
      if (next?.request.method === 'MESSAGE') {
        bodies.push(next.request.bodyText);
        next.tx.reply(200);
      }
      await world.run(50);
    }
    expect(bodies).toEqual(['one', 'two', 'three']);
    expect(reports.filter(({ status }) => status === 'sent')).toHaveLength(3);
    await world.soon(alice.messages.retry());
    expect(registrar.others.filter(({ request }) => request.method === 'MESSAGE')).toEqual([]);
    await world.end();
  });

  it('[im-chat/3] what failed goes out again when the peer shows up, and is told there once', async () => {
    const { world, alice, bob, came, statuses } = await chat();
    // Bob gets it but all his answers are lost.
    world.network.lose = (packet) => packet.text.startsWith('SIP/2.0 200') && packet.text.includes('MESSAGE');
    const sent = outcome(alice.messages.send(BOB, 'are you there?'));
    await world.run(40_000);
    expect(sent.text).toBe('done');
    expect(statuses()).toEqual(['init', 'sending', 'queued']);
    expect(came.map(({ text }) => text)).toEqual(['are you there?']);
    world.network.lose = () => false;
    await world.soon(bob.options('sip:alice@10.0.0.1'));
    await world.run(100);
    expect(statuses()).toEqual(['init', 'sending', 'queued', 'init', 'sending', 'sent']);
    expect(came).toHaveLength(1);
    await world.end();
  });

  it('[im-chat/3] survives a restart: the store has what waits and what was told', async () => {
    const store = new MemoryMessageStore();
    const first = await scripted({ store }, [503]);
    await first.world.soon(first.alice.messages.send(BOB, 'later'));
    expect(await first.fromBob('hello', { 'X-Message-ID': 'm1' })).toBe(200);
    await first.world.end();
    const second = await scripted({ store });
    const told: string[] = [];
    second.alice.messages.on('message', ({ text }) => told.push(text));
    expect(await second.fromBob('hello', { 'X-Message-ID': 'm1' })).toBe(200);
    expect(told).toEqual([]);
    expect(second.peer.requests.map(({ message }) => message.bodyText)).toContain('later');
    expect(store.list()).toEqual([]);
    await second.world.end();
  });

  it('[im-chat/3] what is under way when the phone closes waits for the next start', async () => {
    const store = new MemoryMessageStore();
    const { world, alice } = await scripted({ store }, [0]);
    const sending = ['one', 'two', 'three'].map((text) => outcome(alice.messages.send(BOB, text)));
    await world.run(100);
    const closing = outcome(alice.close());
    await world.run(10_000);
    expect(closing.text).toBe('done');
    expect(sending.map(({ text }) => text)).toEqual(['done', 'done', 'done']);
    expect(store.list().map(({ body }) => body)).toEqual(['one', 'two', 'three']);
    await world.end();
  });

  it('[im-chat/3] nothing waits when offline messages are off; what waits is given up in the end', async () => {
    const off = await scripted({ offline: 'fail' }, [480]);
    const failed = outcome(off.alice.messages.send(BOB, 'x'));
    await off.world.run(50);
    expect(failed.text).toBe('ERR_MESSAGE_REJECTED');
    expect(off.statuses()).toEqual(['init', 'sending', 'failed']);
    await off.world.end();

    const store = new MemoryMessageStore();
    const on = await scripted({ store, maxAttempts: 3 }, [480, 480, 480, 480]);
    await on.world.soon(on.alice.messages.send(BOB, 'x'));
    for (let n = 0; n < 4; n++) {
      await on.world.run(6000);
      await on.fromBob('ping');
    }
    expect(on.statuses().filter((status) => status === 'queued')).toHaveLength(2);
    expect(on.statuses().at(-1)).toBe('failed');
    expect(store.list()).toEqual([]);
    await on.world.end();
  });

  it('[im-chat/4] 202 counts as queued, unless it is as good as 200', async () => {
    const plain = await scripted({}, [202]);
    expect(await plain.world.soon(plain.alice.messages.send(BOB, 'x'))).toMatchObject({ status: 'queued' });
    expect(plain.statuses()).toEqual(['init', 'sending', 'queued']);
    await plain.world.end();
    const asterisk = await scripted({ acceptedIsDelivered: true }, [202]);
    expect(await asterisk.world.soon(asterisk.alice.messages.send(BOB, 'x'))).toMatchObject({
      status: 'sent',
    });
    expect(asterisk.statuses()).toEqual(['init', 'sending', 'sent']);
    await asterisk.world.end();
  });
});

describe('messages', () => {
  it('are looped over, answered, and reported as delivered and displayed (RFC 5438)', async () => {
    const { world, alice, bob, came, statuses } = await chat({ reports: true });
    const loop = (async () => {
      const texts: string[] = [];
      for await (const message of bob.messages) {
        texts.push(message.text);
        await message.reply(`you said: ${message.text}`);
        if (texts.length === 2) return texts;
      }
      return texts;
    })();
    const answers: string[] = [];
    alice.messages.on('message', ({ text }) => answers.push(text));
    await world.soon(alice.messages.send(BOB, 'one'));
    await world.run(200);
    expect(statuses()).toEqual(['init', 'sending', 'sent', 'delivered']);
    came[0].displayed();
    came[0].displayed();
    await world.run(100);
    expect(statuses().slice(4)).toEqual(['displayed']);
    await world.soon(alice.messages.send(BOB, 'two', { report: false }));
    await world.run(200);
    expect(await loop).toEqual(['one', 'two']);
    expect(answers).toEqual(['you said: one', 'you said: two']);
    expect(bob.messages.listenerCount('message')).toBe(1);
    await world.end();
  });

  it('are reported in CPIM, with what RFC 5438 wants, by way of the servers that ask for it', async () => {
    const { world, alice, peer, fromBob } = await scripted();
    const came: IncomingMessage[] = [];
    alice.messages.on('message', (message) => came.push(message));
    const asked = (id: string, more = ''): string =>
      `From: Bob <sip:bob@10.0.0.2>\r\nTo: <sip:alice@10.0.0.1>\r\nDateTime: 2026-01-01T00:00:00Z\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: ${id}\r\nimdn.Disposition-Notification: positive-delivery, display\r\n${more}\r\nContent-Type: text/plain\r\n\r\nhello`;
    const reports = (to = 'sip:bob@10.0.0.2') =>
      peer.requests
        .filter(({ message }) => message.get('Content-Type') === 'message/cpim')
        .filter(({ message }) => message.uri.toString() === to)
        .map(({ message }) => parseCpim(message.bodyText) as CpimMessage);
    await fromBob(asked('m1'), {}, { contentType: 'message/cpim' });
    came[0].displayed();
    came[0].displayed();
    await world.run(100);
    expect(reports().map(({ body }) => parseImdn(body))).toEqual([
      expect.objectContaining({ messageId: 'm1', kind: 'delivery', status: 'delivered' }),
      expect.objectContaining({ messageId: 'm1', kind: 'display', status: 'displayed' }),
    ]);
    const [report, shown] = reports();
    expect(report).toMatchObject({
      from: '<sip:alice@10.0.0.1>',
      to: 'Bob <sip:bob@10.0.0.2>',
      contentType: 'message/imdn+xml',
      contentDisposition: 'notification',
      dispositions: [],
    });
    expect(parseImdn(report.body)).toMatchObject({
      dateTime: '2026-01-01T00:00:00Z',
      recipient: 'sip:alice@10.0.0.1',
    });
    expect(new Set([report.messageId, shown.messageId, 'm1']).size).toBe(3); // ids of their own
    const way = 'imdn.Original-To: <sip:all@10.0.0.8>\r\nimdn.IMDN-Record-Route: <sip:10.0.0.8>\r\n';
    await fromBob(asked('m2', way), {}, { contentType: 'message/cpim' });
    expect(reports()).toHaveLength(2);
    expect(reports('sip:10.0.0.8')[0].routes).toEqual(['sip:10.0.0.8']);
    expect(parseImdn(reports('sip:10.0.0.8')[0].body)).toMatchObject({
      messageId: 'm2',
      originalRecipient: 'sip:all@10.0.0.8',
    });
    await world.end();
  });

  it('reports tell of a failure only where they mean one', async () => {
    const { world, alice, peer, reports, fromBob } = await scripted();
    for (const [kind, status, told] of [
      ['delivery', 'forbidden', undefined],
      ['delivery', 'error', undefined],
      ['processing', 'processed', undefined],
      ['processing', 'stored', 'queued'],
      ['display', 'forbidden', undefined],
      ['delivery', 'delivered', 'delivered'],
      ['delivery', 'failed', 'failed'],
    ] as const) {
      await world.soon(alice.messages.send(BOB, 'x', { report: true }));
      const { messageId = '' } = parseCpim(peer.last('MESSAGE').bodyText) ?? {};
      reports.length = 0;
      const body = printImdn({ messageId, kind, status });
      expect(await fromBob(body, {}, { contentType: 'message/imdn+xml' })).toBe(200);
      expect(reports.map((report) => report.status)).toEqual(told ? [told] : []);
    }
    await world.end();
  });

  it('travel in the dialog of a call', async () => {
    const { world, alice, bob, came } = await chat();
    const { out, in: incoming } = await world.talk(alice, bob, 'bob');
    await world.soon(alice.messages.send('', 'in the call', { call: out }));
    expect(came[0]).toMatchObject({ text: 'in the call', call: incoming });
    const back: IncomingMessage[] = [];
    alice.messages.on('message', (message) => back.push(message));
    await world.soon(came[0].reply('yes'));
    expect(back[0]).toMatchObject({ text: 'yes', call: out });
    await world.end();
  });

  it('that are long go over TCP, those that are too long are refused here', async () => {
    const { world, alice, came } = await chat();
    const long = 'ä'.repeat(20_000);
    await world.soon(alice.messages.send(BOB, long), 500);
    expect(came[0].text).toBe(long);
    expect(
      world.network.packets.filter(({ protocol, text }) => protocol === 'tcp' && text.startsWith('MESSAGE')),
    ).not.toEqual([]);
    await expect(alice.messages.send(BOB, 'x'.repeat(61_000))).rejects.toMatchObject({
      code: 'ERR_SIP_LIMIT',
    });
    await world.end();
  });

  it('are not taken or not sent when that way is closed', async () => {
    const { world, alice, bob } = await chat({ direction: 'in' }, { direction: 'out' });
    await expect(alice.messages.send(BOB, 'x')).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    alice.messages.configure({ direction: 'both' });
    const refused = outcome(alice.messages.send(BOB, 'x'));
    await world.run(100);
    expect(refused.text).toBe('ERR_MESSAGE_REJECTED'); // 405
    bob.messages.configure({ direction: 'both' });
    expect(await world.soon(alice.messages.send(BOB, 'x'))).toMatchObject({ status: 'sent' });
    await world.end();
  });

  it.each([
    ['image/png', 'x', 415],
    ['message/cpim', 'no cpim', 415],
    ['application/im-iscomposing+xml', '<isComposing', 400],
    ['message/imdn+xml', '<imdn>&x;</imdn>', 400],
    ['multipart/mixed', 'x', 400],
    ['text/plain', '', 200],
  ])('of type %s with body %j get %d', async (contentType, body, status) => {
    const { world, alice, fromBob } = await scripted();
    const told: string[] = [];
    alice.messages.on('message', ({ text }) => told.push(text));
    expect(await fromBob(body, body === '' ? {} : { 'Content-Type': contentType }, { contentType })).toBe(
      status,
    );
    expect(told).toEqual([]);
    await world.end();
  });

  it('in CPIM, multipart and other text are understood', async () => {
    const { world, alice, fromBob } = await scripted();
    const told: string[] = [];
    alice.messages.on('message', ({ text, id, contentType }) => told.push(`${contentType} ${id} ${text}`));
    await fromBob(
      'From: <sip:bob@x>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 7\r\n\r\nContent-Type: text/plain\r\n\r\nin cpim',
      {},
      { contentType: 'message/cpim' },
    );
    await fromBob(
      '--b\r\nContent-Type: text/html\r\n\r\n<b>x</b>\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n',
      {},
      { contentType: 'multipart/alternative;boundary=b' },
    );
    await fromBob('<b>html</b>', {}, { contentType: 'text/html;charset=utf-8' });
    expect(told).toEqual([
      'text/plain 7 in cpim',
      'text/plain undefined plain',
      'text/html undefined <b>html</b>',
    ]);
    await world.end();
  });

  it('repeated by their sender are told once, equal ones of their own twice', async () => {
    const { world, alice, fromBob } = await scripted();
    const told: string[] = [];
    alice.messages.on('message', ({ text }) => told.push(text));
    await fromBob('ok', {}, { callId: 'chat', cseq: 1 });
    await world.run(40_000);
    await fromBob('ok', {}, { callId: 'chat', cseq: 1 });
    await fromBob('ok', {}, { callId: 'chat', cseq: 2 });
    expect(told).toEqual(['ok', 'ok']);
    await world.end();
  });
});
