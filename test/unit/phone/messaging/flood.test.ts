/** Messages nobody should send, over real sockets and in virtual time. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Phone } from '../../../../src/phone/index.js';
import { FakeMediaEngine } from '../../../../src/testing/fake-media.js';
import { neighbours } from '../../../support/neighbours.js';

describe('a flood', () => {
  it('a message of 100 MB is refused before it is read, and costs no memory', async () => {
    await using phone = new Phone({ engine: new FakeMediaEngine() });
    const told: string[] = [];
    phone.messages.on('message', ({ text }) => told.push(text));
    await phone.start();
    const { port } = phone.addresses.find(({ protocol }) => protocol === 'tcp') ?? { port: 0 };
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('error', () => {});
    const before = process.memoryUsage().rss;
    const size = 100 * 1024 * 1024;
    socket.write(
      [
        'MESSAGE sip:we@127.0.0.1 SIP/2.0',
        'Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKflood',
        'From: <sip:emma@127.0.0.1>;tag=1',
        'To: <sip:we@127.0.0.1>',
        'Call-ID: flood',
        'CSeq: 1 MESSAGE',
        'Content-Type: text/plain',
        `Content-Length: ${size}`,
        '',
        '',
      ].join('\r\n'),
    );
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    for (let sent = 0; sent < size && !socket.destroyed && socket.writable; sent += chunk.length) {
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    }
    if (!socket.destroyed)
      await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 2000))]);
    socket.destroy();
    expect(answer).toMatch(/^SIP\/2\.0 513 /);
    expect(told).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
  });

  it('thousands of messages are all told, in order, and leave nothing behind', async () => {
    const { world, alice, bob } = await neighbours();
    const told: string[] = [];
    bob.messages.on('message', ({ text }) => told.push(text));
    const sending = Array.from({ length: 300 }, (_, n) => alice.messages.send('sip:bob@10.0.0.2', String(n)));
    await world.run(20_000);
    expect((await Promise.all(sending)).every(({ status }) => status === 'sent')).toBe(true);
    expect(told).toEqual(Array.from({ length: 300 }, (_, n) => String(n)));
    await world.end();
  });
});
