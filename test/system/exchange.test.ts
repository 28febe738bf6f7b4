/** The embedded exchange between real phones on loopback: routing, forking, refusals, transports, hold through a proxy. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
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

describe('requests that took odd ways', () => {
  /** A bare socket that speaks SIP to an exchange which asks nobody for a password. */
  async function raw(test: (peer: RawSocket, exchange: Exchange) => Promise<void>): Promise<void> {
    const other = await new Exchange({
      users: { dan: '', eve: '' },
      authenticateCalls: false,
      transports: ['udp'],
      engine,
    }).start();
    const peer = await RawSocket.open(other.port);
    try {
      await test(peer, other);
    } finally {
      peer.close();
      await other.close();
    }
  }

  it('and come back to where they were are refused with 482 (RFC 5393 §4.2)', () =>
    raw(async (peer, other) => {
      const ours = `127.0.0.1:${other.port}`;
      for (const user of ['dan', 'eve']) {
        const contact = `<sip:${user === 'dan' ? 'eve' : 'dan'}@${ours}>`;
        expect(
          await peer.ask('REGISTER', `sip:${ours}`, { To: `<sip:${user}@${ours}>`, Contact: contact }),
        ).toBe(200);
      }
      const seen = other.diagnostics.sip;
      let requests = 0;
      const stop = seen.subscribe(({ direction, data }) => {
        if (direction === 'in' && Buffer.from(data).toString('latin1').startsWith('MESSAGE')) requests++;
      });
      expect(await peer.ask('MESSAGE', `sip:dan@${ours}`)).toBe(482);
      stop();
      expect(requests).toBe(3);
      expect(await peer.ask('MESSAGE', `sip:nobody@${ours}`)).toBe(404);
    }));

  it('through a strict router go where the end of Route says (RFC 3261 §16.4)', () =>
    raw(async (peer, other) => {
      const route = `sip:127.0.0.1:${other.port};lr`;
      const headers = { To: '<sip:dan@x>;tag=1', Route: `<sip:dan@127.0.0.1:${peer.port}>` };
      const status = peer.ask('BYE', route, headers);
      const bye = await peer.request('BYE sip:dan');
      expect(bye).toMatch(new RegExp(`^BYE sip:dan@127.0.0.1:${peer.port} SIP/2.0\r\n`));
      expect(bye).not.toMatch(/^Route:/m);
      peer.answer(bye, 200);
      expect(await status).toBe(200);
    }));
});

/** One UDP socket. */
class RawSocket {
  readonly #socket = createSocket('udp4');
  readonly #received: string[] = [];
  #cseq = 0;

  static async open(server: number): Promise<RawSocket> {
    const made = new RawSocket(server);
    made.#socket.on('message', (data) => made.#received.push(data.toString()));
    made.#socket.bind(0, '127.0.0.1');
    await once(made.#socket, 'listening');
    return made;
  }

  private constructor(private readonly server: number) {}

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends a request; resolves with the status of its final response. */
  async ask(method: string, uri: string, headers: Record<string, string> = {}): Promise<number> {
    const cseq = ++this.#cseq;
    const all = {
      Via: `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${cseq};rport`,
      'Max-Forwards': '70',
      From: '<sip:raw@x>;tag=raw',
      To: `<${uri}>`,
      'Call-ID': 'raw',
      CSeq: `${cseq} ${method}`,
      'Content-Length': '0',
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    this.#socket.send([`${method} ${uri} SIP/2.0`, ...lines, '', ''].join('\r\n'), this.server, '127.0.0.1');
    const answer = await this.#find((text) => /^SIP\/2.0 [2-6]/.test(text) && text.includes(all.CSeq));
    return Number(answer.slice(8, 11));
  }

  /** The request that begins so. */
  request(start: string): Promise<string> {
    return this.#find((text) => text.startsWith(start));
  }

  answer(request: string, status: number): void {
    const kept = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    this.#socket.send(
      [`SIP/2.0 ${status} OK`, ...kept, 'Content-Length: 0', '', ''].join('\r\n'),
      this.server,
      '127.0.0.1',
    );
  }

  close(): void {
    this.#socket.close();
  }

  async #find(wanted: (text: string) => boolean): Promise<string> {
    const late = AbortSignal.timeout(5000);
    for (;;) {
      const found = this.#received.find(wanted);
      if (found !== undefined) return found;
      await once(this.#socket, 'message', { signal: late });
    }
  }
}
