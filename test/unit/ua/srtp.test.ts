/** SRTP by SDP between two user agents with real media, in virtual time: who agrees with whom, and what ends a call. */
import { describe, expect, it } from 'vitest';
import { createLogger, formatLogRecord } from '../../../src/base/logger.js';
import { MediaEngine, SRTP_SUITES } from '../../../src/media/index.js';
import { DatagramNetwork } from '../../../src/testing/datagram-network.js';
import type { Call, MediaPreferences, SrtpMode } from '../../../src/ua/index.js';
import { type Party, type RawPeer, sdp, UaWorld } from '../../support/ua-harness.js';
import '../../support/preloaded.js';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const KEY = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
const TONE = {
  samples: Int16Array.from({ length: 8000 }, (_, i) => 9000 * Math.sin(i / 3)),
  sampleRate: 8000,
};

/** User agents whose media goes over a simulated network. */
class SrtpWorld extends UaWorld {
  readonly media = new DatagramNetwork(this.clock, this.random, { delayMs: 20 });
  /** All they logged. */
  readonly log: string[] = [];
  #engine: Promise<MediaEngine> | undefined;

  async speaker(name: string, host: string, media: MediaPreferences = {}): Promise<Party> {
    const logger = createLogger({ level: 'trace', sink: (record) => this.log.push(formatLogRecord(record)) });
    this.#engine ??= MediaEngine.start({
      workers: 'in-process',
      clock: this.clock,
      random: this.random,
      transport: this.media,
      logger,
    });
    const engine = await this.#engine;
    return this.party(name, host, { media: { codecs: ['PCMU'], ...media }, engine, logger });
  }

  override async end(): Promise<void> {
    const closing = Promise.all(this.parties.map(({ agent }) => agent.close()));
    await this.run(1000);
    await closing;
    expect(this.media.openPorts).toBe(0);
    await (await this.#engine)?.close();
    await super.end();
    // No key, neither ours nor the peer's, is in any line of the log.
    const keys = this.network.packets.flatMap(({ text }) => text.match(/(?<=inline:)[\w+/]+/g) ?? []);
    for (const key of keys) expect(this.log.join('\n')).not.toContain(key);
  }
}

async function pairOf(caller: MediaPreferences, callee: MediaPreferences) {
  const world = new SrtpWorld();
  const alice = await world.speaker('alice', '10.0.0.1', caller);
  const bob = await world.speaker('bob', '10.0.0.2', callee);
  return { world, alice, bob };
}

/** Both speak for a second. @returns what each of them received meanwhile */
async function talk(world: UaWorld, ...calls: Call[]) {
  const before = await Promise.all(calls.map((call) => call.stats()));
  const playbacks = calls.map((call) => call.startPlaying(TONE, { loop: true }));
  await world.run(1000);
  for (const playback of playbacks) playback.stop();
  const after = await Promise.all(calls.map((call) => call.stats()));
  return after.map(({ received, srtp }, i) => ({
    srtp,
    packets: received.packets - before[i].received.packets,
    notAuthentic: received.notAuthentic - before[i].received.notAuthentic,
  }));
}

function profile(world: UaWorld, message: RegExp): string | undefined {
  const packet = world.network.packets.find(({ text }) => message.test(text));
  return packet && /m=audio \d+ (\S+)/.exec(packet.text)?.[1];
}

describe('SRTP between two user agents', () => {
  const MODES: SrtpMode[] = ['off', 'optional', 'required'];
  const outcome = (caller: SrtpMode, callee: SrtpMode): 'srtp' | 'rtp' | 'refused' => {
    if (caller !== 'off' && callee !== 'off') return 'srtp';
    return caller === 'required' || callee === 'required' ? 'refused' : 'rtp';
  };

  for (const caller of MODES) {
    for (const callee of MODES) {
      const expected = outcome(caller, callee);
      it(`${caller} calls ${callee}: ${expected}`, async () => {
        const { world, alice, bob } = await pairOf({ srtp: caller }, { srtp: callee });
        if (expected === 'refused') {
          const out = alice.agent.invite(bob.uri, { from: alice.uri });
          await world.run(50);
          const answered = bob.calls[0].answer().catch((error: unknown) => error);
          await world.run(200);
          expect(await answered).toMatchObject({ code: 'ERR_MEDIA_SRTP' });
          expect(out.end).toMatchObject({ by: 'remote', status: 488 });
          expect(out.end?.error).toMatchObject({
            code: caller === 'required' ? 'ERR_MEDIA_SRTP' : 'ERR_CALL_REJECTED',
            details: { status: 488 },
          });
          const refusal = world.network.packets.find(({ text }) => text.startsWith('SIP/2.0 488'));
          expect(refusal?.text).toMatch(/Warning: 399 \S+ "no agreement on SRTP: .* requires? it/);
        } else {
          const { out, in: incoming } = await world.call(alice, bob);
          const srtp = expected === 'srtp' ? SUITE : undefined;
          expect(out.encryption).toEqual({ srtp, signalling: 'udp' });
          expect(incoming.encryption).toEqual({ srtp, signalling: 'udp' });
          expect(profile(world, /^INVITE/)).toBe(caller === 'required' ? 'RTP/SAVP' : 'RTP/AVP');
          expect(profile(world, /^SIP\/2.0 200/)).toBe(profile(world, /^INVITE/));
          for (const heard of await talk(world, out, incoming)) {
            expect(heard).toMatchObject({ srtp, notAuthentic: 0 });
            expect(heard.packets).toBeGreaterThan(45);
          }
          expect((await out.hangup()).encryption.srtp).toBe(srtp);
        }
        await world.end();
      });
    }
  }

  it.each([...SRTP_SUITES, 'AES_CM_256_HMAC_SHA1_80'])('agrees on %s', async (suite) => {
    const { world, alice, bob } = await pairOf(
      { srtp: 'required', srtpSuites: [suite] },
      { srtp: 'optional' },
    );
    const { out, in: incoming } = await world.call(alice, bob);
    const heard = await talk(world, out, incoming);
    for (const { srtp, packets, notAuthentic } of heard) {
      expect(srtp).toBe(suite.replace('CM_256', '256_CM'));
      expect(packets).toBeGreaterThan(45);
      expect(notAuthentic).toBe(0);
    }
    await world.end();
  });

  it('finds no agreement without a common suite', async () => {
    const { world, alice, bob } = await pairOf(
      { srtp: 'required', srtpSuites: ['AEAD_AES_256_GCM'] },
      { srtp: 'required', srtpSuites: [SUITE] },
    );
    const out = alice.agent.invite(bob.uri, { from: alice.uri });
    await world.run(50);
    const answered = bob.calls[0].answer().catch((error: unknown) => error);
    await world.run(200);
    expect(await answered).toMatchObject({ code: 'ERR_MEDIA_SRTP' });
    expect(out.end?.error).toMatchObject({ code: 'ERR_MEDIA_SRTP' });
    await world.end();
  });

  it('says over what the keys went', async () => {
    const { world, alice, bob } = await pairOf({ srtp: 'required' }, { srtp: 'optional' });
    const out = alice.agent.invite(`${bob.uri};transport=tcp`, { from: alice.uri });
    await world.run(50);
    const answered = bob.calls[0].answer();
    await world.run(100);
    await answered;
    expect(out.encryption).toEqual({ srtp: SUITE, signalling: 'tcp' });
    await world.end();
  });

  it('is settled by the caller too when the INVITE has no offer', async () => {
    const { world, alice, bob } = await pairOf({ srtp: 'optional' }, { srtp: 'required' });
    const out = alice.agent.invite(bob.uri, { from: alice.uri, offerless: true });
    await world.run(50);
    const answered = bob.calls[0].answer();
    await world.run(100);
    await answered;
    expect(out.encryption.srtp).toBe(SUITE);
    for (const { packets } of await talk(world, out, bob.calls[0])) expect(packets).toBeGreaterThan(45);
    await world.end();
  });

  it('keeps keys, suite and profile over hold and resume from either side', async () => {
    const { world, alice, bob } = await pairOf(
      { srtp: 'required', srtpSuites: ['AEAD_AES_128_GCM', SUITE] },
      { srtp: 'optional' },
    );
    const { out, in: incoming } = await world.call(alice, bob);
    for (const call of [out, incoming]) {
      for (const change of [call.hold(), undefined]) {
        const changing = change ?? call.resume();
        await world.run(200);
        await changing;
      }
      for (const { srtp, packets, notAuthentic } of await talk(world, out, incoming)) {
        expect(srtp).toBe('AEAD_AES_128_GCM');
        expect(notAuthentic).toBe(0);
        expect(packets).toBeGreaterThan(45);
      }
    }
    const invites = world.network.packets.filter(({ text }) => text.startsWith('INVITE'));
    const used = invites.map(({ from, text }) => [
      from.host,
      /m=audio \d+ (\S+)/.exec(text)?.[1],
      /AEAD_AES_128_GCM (inline:\S+)/.exec(text)?.[1],
    ]);
    // One key a side over all its descriptions, and the secure profile also from the side that would do without.
    expect(new Set(used.map(([host, , key]) => `${host} ${key}`)).size).toBe(2);
    expect(new Set(used.map(([, protocol]) => protocol))).toEqual(new Set(['RTP/SAVP']));
    await world.end();
  });
});

describe('SRTP with a peer of its own ways', () => {
  const crypto = (tag: number, key = KEY) => `a=crypto:${tag} ${SUITE} inline:${key}\r\n`;
  const secure = (lines: string, version = 1) =>
    sdp({ version }).replace('RTP/AVP', 'RTP/SAVP').concat(lines);

  async function called(mode: SrtpMode, answer: string, more: MediaPreferences = {}) {
    const world = new SrtpWorld();
    const alice = await world.speaker('alice', '10.0.0.1', { srtp: mode, ...more });
    const peer = await world.peer('peer', '10.0.0.9');
    const out = alice.agent.invite(peer.uri, { from: alice.uri });
    await world.run(50);
    peer.respond(peer.last('INVITE'), 200, { sdp: answer });
    await world.run(200);
    return { world, peer, out };
  }

  /** RTP from the peer under no key we know. */
  async function noise(world: SrtpWorld, peer: RawPeer, packets: number): Promise<void> {
    const port = Number(/m=audio (\d+)/.exec(peer.last('INVITE').bodyText)?.[1]);
    for (let i = 0; i < packets; i++) {
      const packet = Buffer.alloc(182, i);
      packet.writeUInt32BE(0x8000_0000 + i, 0);
      packet.writeUInt32BE(7, 8);
      world.media.inject(packet, '10.0.0.9', 40_000, '10.0.0.1', port);
      await world.run(20);
    }
  }

  it('refuses an answer without crypto to a secure offer', async () => {
    const { world, peer, out } = await called('required', secure(''));
    expect(out.end?.error).toMatchObject({ code: 'ERR_MEDIA_SRTP' });
    expect(out.end?.error?.message).toBe(
      'no agreement on SRTP: we require it, and the answer accepts none of our crypto lines',
    );
    expect(peer.count('ACK')).toBe(1);
    expect(peer.count('BYE')).toBe(1);
    peer.respond(peer.last('BYE'), 200);
    await world.end();
  });

  it('refuses an answer with the plain profile to a secure offer', async () => {
    const { world, peer, out } = await called('required', sdp());
    expect(out.end?.error).toMatchObject({ code: 'ERR_MEDIA_SRTP' });
    peer.respond(peer.last('BYE'), 200);
    await world.end();
  });

  it('offers the secure profile to a peer that refuses the plain one, when SRTP is optional', async () => {
    const world = new SrtpWorld();
    const alice = await world.speaker('alice', '10.0.0.1', { srtp: 'optional' });
    const peer = await world.peer('peer', '10.0.0.9');
    const out = alice.agent.invite(peer.uri, { from: alice.uri });
    await world.run(50);
    expect(peer.last('INVITE').bodyText).toContain('RTP/AVP');
    peer.respond(peer.last('INVITE'), 488);
    await world.run(50);
    expect(peer.last('INVITE').bodyText).toContain('RTP/SAVP');
    peer.respond(peer.last('INVITE'), 200, { sdp: secure(crypto(1)), tag: 'second' });
    await world.run(50);
    expect(out.encryption.srtp).toBe(SUITE);
    const bye = out.hangup();
    await world.run(50);
    peer.respond(peer.last('BYE'), 200);
    await world.run(50);
    await bye;
    await world.end();
  });

  it('gives up when the peer refuses both', async () => {
    const world = new SrtpWorld();
    const alice = await world.speaker('alice', '10.0.0.1', { srtp: 'optional' });
    const peer = await world.peer('peer', '10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, 488);
    };
    const out = alice.agent.invite(peer.uri, { from: alice.uri });
    await world.run(200);
    expect(peer.count('INVITE')).toBe(2);
    expect(out.end?.error).toMatchObject({ code: 'ERR_CALL_REJECTED', details: { status: 488 } });
    await world.end();
  });

  it('hangs up on a wrong key, if asked to', async () => {
    const { world, peer, out } = await called('required', secure(crypto(1)), { srtpWrongKey: 'hangup' });
    await noise(world, peer, 20);
    expect(out.end).toMatchObject({ by: 'error', error: { code: 'ERR_MEDIA_SRTP_KEY' } });
    expect(peer.count('BYE')).toBe(1);
    peer.respond(peer.last('BYE'), 200);
    await world.end();
  });

  it('takes plain RTP when SRTP is optional', async () => {
    const { world, peer, out } = await called('optional', sdp());
    expect(out.state).toBe('connected');
    expect(out.encryption.srtp).toBeUndefined();
    const bye = out.hangup();
    await world.run(50);
    peer.respond(peer.last('BYE'), 200);
    await world.run(50);
    await bye;
    await world.end();
  });

  it('tells when the encryption is given up, and takes new keys when it comes back', async () => {
    const { world, peer, out } = await called('optional', sdp().concat(crypto(1)));
    expect(out.encryption.srtp).toBe(SUITE);
    const changes: unknown[] = [];
    out.on('encryption', ({ srtp }) => changes.push(srtp));
    const ours = () => /inline:(\S+)/.exec(peer.answer('INVITE').bodyText)?.[1];
    const first = /inline:(\S+)/.exec(peer.last('INVITE').bodyText)?.[1];
    const invite = peer.last('INVITE');
    const reinvite = async (cseq: number, body: string) => {
      const request = await peer.request('INVITE', world.parties[0], {
        callId: invite.callId,
        cseq,
        fromTag: 'peer',
        toTag: invite.from.tag,
        sdp: body,
      });
      await world.run(50);
      const answer = peer.answer('INVITE');
      if (answer.status === 200) {
        await peer.request('ACK', world.parties[0], {
          callId: invite.callId,
          cseq,
          fromTag: 'peer',
          toTag: request.to.tag,
        });
      }
      await world.run(50);
      return answer.status;
    };
    expect(await reinvite(1, sdp({ version: 2 }))).toBe(200);
    expect(out.encryption.srtp).toBeUndefined();
    expect(await reinvite(2, sdp({ version: 3 }).concat(crypto(1)))).toBe(200);
    expect(out.encryption.srtp).toBe(SUITE);
    expect(changes).toEqual([undefined, SUITE]);
    expect(first).toBeDefined();
    expect(ours()).toBeDefined();
    expect(ours()).not.toBe(first);
    const bye = out.hangup();
    await world.run(50);
    peer.respond(peer.last('BYE'), 200);
    await world.run(50);
    await bye;
    await world.end();
  });

  it('stays secure when it must: a re-INVITE without crypto is refused, the call goes on', async () => {
    const { world, peer, out } = await called('required', secure(crypto(1)));
    const invite = peer.last('INVITE');
    await peer.request('INVITE', world.parties[0], {
      callId: invite.callId,
      fromTag: 'peer',
      toTag: invite.from.tag,
      sdp: sdp({ version: 2 }),
    });
    await world.run(50);
    expect(peer.answer('INVITE').status).toBe(488);
    expect(peer.answer('INVITE').get('Warning')).toContain('no agreement on SRTP: we require it');
    expect(out.state).toBe('connected');
    expect(out.encryption.srtp).toBe(SUITE);
    const bye = out.hangup();
    await world.run(50);
    peer.respond(peer.last('BYE'), 200);
    await world.run(50);
    await bye;
    await world.end();
  });

  it('names a key that is not the one of the SDP', async () => {
    const { world, peer, out } = await called('required', secure(crypto(1)));
    const errors: string[] = [];
    const reports: string[] = [];
    out.on('error', ({ code }) => errors.push(code));
    out.on('noMedia', ({ explanation }) => reports.push(explanation));
    await noise(world, peer, 300);
    expect(errors).toEqual(['ERR_MEDIA_SRTP_KEY']);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain('packets arrive');
    expect(reports[0]).toContain('SRTP authentication fails');
    expect(world.log.filter((line) => line.includes('ERR_MEDIA_SRTP_KEY'))).toHaveLength(1);
    const bye = out.hangup();
    await world.run(50);
    peer.respond(peer.last('BYE'), 200);
    await world.run(50);
    const record = await bye;
    expect(record.media?.received).toMatchObject({ packets: 0, notAuthentic: 300 });
    await world.end();
  });
});

describe('wishes about SRTP that cannot be', () => {
  it.each([
    [{ srtp: 'always' as SrtpMode }, /SRTP "always" is not one of off, optional, required/],
    [{ srtp: 'required' as const, srtpSuites: ['DES'] }, /crypto-suite "DES" is not one of/],
    [{ srtp: 'optional' as const, srtpSuites: [] }, /at least one crypto-suite/],
  ])('%o', async (media, message) => {
    const { world, alice } = await pairOf(media, {});
    const out = alice.agent.invite('sip:bob@10.0.0.2', { from: alice.uri });
    await world.run(100);
    expect(out.end?.error?.message).toMatch(message);
    await world.end();
  });
});

describe('the life of SRTP keys', () => {
  const inlineKeys = (world: UaWorld, from: string): string[] =>
    world.network.packets
      .filter((packet) => packet.from.host === from && /^(INVITE|SIP\/2.0 200)/.test(packet.text))
      .flatMap(({ text }) => text.match(/inline:\S+/g) ?? []);

  it('[tls-srtp/1] new keys are negotiated before the old ones are used up, and nothing is lost', async () => {
    const { world, alice, bob } = await pairOf(
      { srtp: 'required', srtpKeyLifetime: 256 },
      { srtp: 'optional' },
    );
    const { out, in: incoming } = await world.call(alice, bob);
    const errors: unknown[] = [];
    for (const call of [out, incoming]) call.on('error', (error) => errors.push(error));
    // Five seconds of RTP are 250 packets.
    for (let i = 0; i < 15; i++) {
      for (const heard of await talk(world, out, incoming)) {
        expect(heard.packets).toBeGreaterThan(45);
        expect(heard.notAuthentic).toBe(0);
      }
    }
    const keys = inlineKeys(world, alice.host);
    expect(keys.every((key) => key.endsWith('|2^8'))).toBe(true);
    expect(new Set(keys).size).toBeGreaterThanOrEqual(3);
    // The other side keeps its key.
    expect(new Set(inlineKeys(world, bob.host)).size).toBe(1);
    expect(errors).toEqual([]);
    await world.end();
  });

  it('without new ones nothing more is sent, which is told once', async () => {
    const { world, alice, bob } = await pairOf(
      { srtp: 'required', srtpKeyLifetime: 100 },
      { srtp: 'optional' },
    );
    const { out, in: incoming } = await world.call(alice, bob);
    const told: unknown[] = [];
    out.on('error', (error) => told.push(error));
    world.network.lose = ({ text }) => text.startsWith('INVITE');
    await talk(world, out, incoming);
    await talk(world, out, incoming);
    const [, silent] = await talk(world, out, incoming);
    expect(silent.packets).toBe(0);
    expect(told).toMatchObject([{ code: 'ERR_MEDIA_SRTP_LIFETIME', details: { whose: 'our' } }]);
    await world.end();
  });
});
