/** The embedded exchange between real phones on loopback: routing, forking, refusals, transports, hold through a proxy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextEvent } from '../../src/base/emitter.js';
import { Exchange } from '../../src/exchange/index.js';
import { MediaEngine } from '../../src/media/index.js';
import { Phone, type PhoneOptions } from '../../src/phone/index.js';
import type { Call } from '../../src/ua/index.js';

const users = { ann: 'a', ben: 'b', cat: 'c' };
let exchange: Exchange;
let engine: MediaEngine;
const open: Phone[] = [];

const phone = (username: keyof typeof users, options: PhoneOptions = {}): Phone => {
  const made = new Phone({
    server: exchange.address,
    username,
    password: users[username],
    engine,
    ...options,
  });
  open.push(made);
  return made;
};
const registered = async (username: keyof typeof users, options?: PhoneOptions): Promise<Phone> => {
  const made = phone(username, options);
  await made.register();
  return made;
};
const refused = (status: number) =>
  expect.objectContaining({
    code: 'ERR_CALL_REJECTED',
    details: expect.objectContaining({ status }) as unknown,
  });

beforeAll(async () => {
  engine = await MediaEngine.start({ workers: 'in-process' });
  exchange = await new Exchange({ users, engine }).start();
});

afterAll(async () => {
  await exchange.close();
  await engine.close();
});

const closing = async (test: () => Promise<void>): Promise<void> => {
  try {
    await test();
  } finally {
    await Promise.all(open.splice(0).map((each) => each.close()));
  }
};

describe('a call through the exchange', () => {
  it.each([
    ['udp', 'udp'],
    ['tcp', 'udp'],
    ['udp', 'tcp'],
    ['tcp', 'tcp'],
  ] as const)('from %s to %s is set up, held, resumed and ended by either side', (from, to) =>
    closing(async () => {
      const ann = await registered('ann', { transport: from });
      const ben = await registered('ben', { transport: to });
      for (const ender of ['caller', 'callee'] as const) {
        const incoming = nextEvent(ben, 'incoming');
        const answering = incoming.then(async ([call]) => {
          await call.answer();
          return call;
        });
        const call = await ann.call('ben');
        const answered = await answering;
        const held = nextEvent(answered.events, 'hold');
        await call.hold();
        expect((await held)[0]).toMatchObject({ by: 'remote', held: true });
        expect(call.held.local).toBe(true);
        await call.resume();
        expect(answered.held.remote).toBe(false);
        await (ender === 'caller' ? call : answered).hangup();
        expect((await answered.ended).end.by).toBe(ender === 'caller' ? 'remote' : 'local');
        expect((await call.ended).end.by).toBe(ender === 'caller' ? 'local' : 'remote');
      }
    }),
  );

  it('hears early media before the answer', () =>
    closing(async () => {
      const ann = await registered('ann');
      const call = await ann.dial('early');
      const progress: boolean[] = [];
      call.on('progress', ({ earlyMedia }) => progress.push(earlyMedia));
      const flowing = nextEvent(call.events, 'flowing');
      await flowing;
      expect(call.state).toBe('ringing');
      expect(progress).toContain(true);
      await call.answered();
      await call.hangup();
    }));

  it('rings everybody at the number fork; the first to answer has it', () =>
    closing(async () => {
      const ann = await registered('ann');
      const ben = await registered('ben');
      const cat = await registered('cat');
      const both = Promise.all([nextEvent(ben, 'incoming'), nextEvent(cat, 'incoming')]);
      const calling = ann.call('fork');
      const [[atBen], [atCat]] = await both;
      await atBen.answer();
      const call = await calling;
      expect((await atCat.ended).end).toMatchObject({ by: 'remote', status: 487 });
      expect(atBen.state).toBe('connected');
      await call.hangup();
      expect((await atBen.ended).end.by).toBe('remote');
    }));

  it('is cancelled at the callee when the caller gives up', () =>
    closing(async () => {
      const ann = await registered('ann');
      const ben = await registered('ben');
      const incoming = nextEvent(ben, 'incoming');
      const call = await ann.dial('ben');
      const [atBen]: [Call] = await incoming;
      void call.hangup();
      expect((await atBen.ended).end).toMatchObject({ by: 'remote', status: 487 });
      expect((await call.ended).end).toMatchObject({ by: 'local' });
    }));
});

describe('a call that cannot be', () => {
  it.each([
    ['reject-486', 486],
    ['reject-603', 603],
    ['nobody', 404],
    ['cat', 480],
  ])('to %s ends with %i', (number, status) =>
    closing(async () => {
      const ann = await registered('ann');
      await expect(ann.call(number)).rejects.toEqual(refused(status));
    }),
  );

  it('passes on how the callee refused', () =>
    closing(async () => {
      const ann = await registered('ann');
      const ben = await registered('ben');
      ben.on('incoming', (call) => call.reject(488));
      await expect(ann.call('ben')).rejects.toEqual(refused(488));
    }));

  it('is refused to who does not know the password', () =>
    closing(async () => {
      const stranger = phone('ann', { password: 'wrong' });
      await expect(stranger.call('echo')).rejects.toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' });
      await expect(stranger.register()).rejects.toMatchObject({ code: 'ERR_AUTHENTICATION_FAILED' });
    }));

  it('is not relayed to other domains', () =>
    closing(async () => {
      const ann = await registered('ann');
      await expect(ann.call('sip:someone@192.0.2.77')).rejects.toEqual(refused(403));
    }));
});
