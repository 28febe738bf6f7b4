import { describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import type { MediaSession } from '../../../../src/media/index.js';
import type { Call, SrtpMode } from '../../../../src/ua/index.js';
import { sineOf, sound } from '../../../support/headset-room.js';
import { outcome } from '../../../support/outcome.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

/** What the last STATUS of the line in conversation says. */
function told({ told }: WebphoneDesk): unknown {
  const speaking = told.filter((one) => one.kind === 'STATUS' && one.statustext === 'Speaking').at(-1);
  return (speaking as { encrypted?: number } | undefined)?.encrypted;
}

/** One beyond that of UDP. */
const PORT_TLS = ':5061';

it('[tls-srtp/2] [API_IsEncrypted] unknown without a call, else of neither, of the audio or the way alone, or of both; STATUS says the same', async () => {
  const cases = [
    [0, 'off', 'udp', 0],
    [2, 'required', 'udp', 1],
    [0, 'off', 'tls', 1],
    [2, 'required', 'tls', 3],
  ] as const;
  for (const [mediaencryption, srtp, transport, level] of cases) {
    await atDesk(
      { mediaencryption },
      async (desk) => {
        expect(desk.webphone.API_IsEncrypted()).toBe(-1);
        const port = transport === 'tls' ? PORT_TLS : '';
        desk.webphone.API_Call(-1, `${desk.uri}${port};transport=${transport}`);
        await desk.run(300);
        const answered = outcome((desk.came[0] as Call).answer());
        await desk.run(500);
        expect(answered.text).toBe('done');
        expect([desk.webphone.API_IsEncrypted(), told(desk)]).toEqual([level, level]);
      },
      {
        peer: {
          media: { srtp, codecs: ['PCMA'] },
          listen: { host: '10.0.0.2', port: 5060, transports: ['udp', 'tls'] },
          tls: { cert: 'never used', key: 'never used' },
        },
      },
    );
  }
});

describe('mediaencryption 2', () => {
  const peer = (srtp: SrtpMode) => ({ peer: { media: { srtp, codecs: ['PCMA'] } } });

  it.each([
    ['AES_CM_128_HMAC_SHA1_80', 10],
    ['AES_CM_128_HMAC_SHA1_32', 4],
    ['AES_CM_256_HMAC_SHA1_80', 10],
    ['AES_CM_256_HMAC_SHA1_32', 4],
  ])(
    '[tls-srtp/1] [param:srtp_suite] %s is agreed on, and nothing goes out in the clear',
    async (srtp_suite, tag) => {
      await atDesk(
        { mediaencryption: 2, srtp_suite, codec: 'PCMA' },
        async (desk) => {
          desk.microphone.hears = sineOf(1000);
          const tap = desk.tap();
          const call = await desk.talks();
          expect(call.encryption.srtp).toBe(srtp_suite.replace('CM_256', '256_CM'));
          const heard = await desk.hear(call, 1000);
          expect(toneLevelDbov(heard.subarray(heard.length >> 1), 1000, 16_000)).toBeGreaterThan(-30);
          const rtp = tap.filter(({ data, rtcp }) => !rtcp && data.length > 100);
          expect(rtp.length).toBeGreaterThan(40);
          // RFC 3711 §3.1: header, payload of 20 ms, authentication tag.
          for (const { data } of rtp) expect(data.length).toBe(12 + 160 + tag);
          // A tone of 1 kHz repeats itself every 8 samples; what is encrypted does not.
          const { data } = rtp[30];
          const repeated = Array.from({ length: 152 }, (_, i) => data[12 + i] === data[20 + i]).filter(
            Boolean,
          );
          expect(repeated.length).toBeLessThan(20);
        },
        peer('optional'),
      );
    },
  );

  it.each([
    [0, 'goes on without'],
    [1, 'goes on without'],
    [2, 'is dropped'],
    [3, 'is dropped'],
  ])(
    '[tls-srtp/1] [param:strictsrtp] %i: a call to a peer without SRTP %s',
    async (strictsrtp, outcomeOf) => {
      await atDesk(
        { mediaencryption: 2, strictsrtp },
        async (desk) => {
          desk.webphone.API_Call(-1, desk.uri);
          await desk.run(300);
          const answered = outcome((desk.came[0] as Call).answer());
          await desk.run(500);
          const goesOn = outcomeOf === 'goes on without';
          expect(desk.webphone.API_IsInCall() === 2).toBe(goesOn);
          expect(answered.text === 'done').toBe(goesOn);
          const invites = desk.world.network.packets.filter(({ text }) => text.startsWith('INVITE'));
          expect(invites.map(({ text }) => /m=audio \d+ (\S+)/.exec(text)?.[1])).toEqual([
            strictsrtp >= 2 ? 'RTP/SAVP' : 'RTP/AVP',
          ]);
          if (goesOn) expect(await desk.packets(desk.came[0], 1000)).toBeGreaterThan(40);
          else expect(desk.strings('CDR')).toHaveLength(1);
        },
        peer('off'),
      );
    },
  );

  it.each([
    [0, 'goes on'],
    [1, 'goes on'],
    [2, 'is dropped'],
    [3, 'is dropped'],
  ])(
    '[tls-srtp/1] [param:strictsrtp] %i: a call whose packets are forged %s',
    async (strictsrtp, outcomeOf) => {
      await atDesk(
        { mediaencryption: 2, strictsrtp },
        async (desk) => {
          const call = await desk.calls();
          // From the beginning nothing the peer sends is what it has signed.
          desk.network.conditions.drop = (data, to) => {
            if (to.address === '10.0.0.1' && data.length > 30) data[data.length - 1] ^= 1;
            return false;
          };
          const answered = outcome(call.answer());
          await desk.run(300);
          expect(answered.text).toBe('done');
          sound(call.media as MediaSession, 600);
          await desk.run(5000);
          expect(desk.webphone.API_IsInCall() === 2).toBe(outcomeOf === 'goes on');
          // What is not authentic is never heard.
          const { played } = desk.speaker;
          expect(toneLevelDbov(played.subarray(-8000), 600, 16_000)).toBeLessThan(-60);
        },
        peer('optional'),
      );
    },
  );
});
