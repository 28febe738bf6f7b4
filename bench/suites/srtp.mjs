/**
 * SRTP: protecting and unprotecting a G.711 packet, beside what node:crypto takes when a cipher and a MAC are set up for
 * each packet; what it adds to a call in the media worker, and whether 300 such calls keep time.
 */
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MediaEngine } from '../../dist/media/index.js';
import { Srtp } from '../../dist/rtp/index.js';
import { cpuShare } from '../support/cpu.mjs';

const PACKET = 172;
const HEADER = 12;
const HOST = '127.0.0.1';
const SLOT_MS = 5;
/** As many as the cost of a call without SRTP is measured with. */
const CALLS = 300;
/** Suite → bytes of key and salt. */
const SUITES = {
  AES_CM_128_HMAC_SHA1_80: [16, 14],
  AES_256_CM_HMAC_SHA1_80: [32, 14],
  AEAD_AES_128_GCM: [16, 12],
  AEAD_AES_256_GCM: [32, 12],
};

const newKey = (suite) => ({ keySalt: new Uint8Array(randomBytes(SUITES[suite][0] + SUITES[suite][1])) });

/** Packets in a row, each with room for the tag; a new round goes on with the sequence. */
function packets(count) {
  let sequence = 0;
  const plain = randomBytes(PACKET);
  plain[0] = 0x80;
  plain[1] = 0;
  const list = Array.from({ length: count }, () => Buffer.alloc(PACKET + 32));
  const fill = () => {
    for (const packet of list) {
      plain.copy(packet);
      packet.writeUInt16BE((sequence = (sequence + 1) & 0xffff), 2);
    }
  };
  return { list, fill };
}

/** Best of many rounds, in µs per packet. */
function measure(suite, rounds, count) {
  const { list, fill } = packets(count);
  const key = newKey(suite);
  const sender = new Srtp({ suite, send: key, receive: [key] });
  const receiver = new Srtp({ suite, send: key, receive: [key] });
  const [keyLength, saltLength] = SUITES[suite];
  const sessionKey = key.keySalt.subarray(0, keyLength);
  const iv = randomBytes(saltLength === 12 ? 12 : 16);
  const best = { protect: Infinity, unprotect: Infinity, yardstick: Infinity };
  const time = (name, fn) => {
    const start = performance.now();
    fn();
    best[name] = Math.min(best[name], ((performance.now() - start) * 1000) / count);
  };
  let length = 0;
  for (let round = 0; round < rounds; round++) {
    fill();
    time('yardstick', () => {
      for (const packet of list) perPacketCipher(packet, sessionKey, iv);
    });
    fill();
    time('protect', () => {
      for (const packet of list) length = sender.protectRtp(packet, 0, PACKET);
    });
    time('unprotect', () => {
      for (const packet of list)
        if (receiver.unprotectRtp(packet, 0, length) !== PACKET) throw new Error('not authentic');
    });
  }
  return best;
}

function perPacketCipher(packet, key, iv) {
  if (iv.length === 12) {
    const cipher = createCipheriv(`aes-${key.length * 8}-gcm`, key, iv).setAAD(packet.subarray(0, HEADER));
    cipher.update(packet.subarray(HEADER, PACKET)).copy(packet, HEADER);
    cipher.final();
    cipher.getAuthTag().copy(packet, PACKET);
    return;
  }
  const cipher = createCipheriv(`aes-${key.length * 8}-ctr`, key, iv);
  cipher.update(packet.subarray(HEADER, PACKET)).copy(packet, HEADER);
  createHmac('sha1', key).update(packet.subarray(0, PACKET)).digest().copy(packet, PACKET, 0, 10);
}

function pairOf(suite) {
  const [a, b] = [newKey(suite), newKey(suite)];
  return [
    { suite, send: a, receive: [b] },
    { suite, send: b, receive: [a] },
  ];
}

async function openPairs(engine, count, suite) {
  const samples = Int16Array.from({ length: 40_000 }, (_, i) => 8000 * Math.sin(i * (0.2 + i * 1e-5)));
  const format = { payloadType: 0, codec: 'PCMU', clockRate: 8000 };
  const sessions = [];
  for (let i = 0; i < count; i += 2) {
    const pair = [
      await engine.openSession({ address: HOST, label: `a${i}` }),
      await engine.openSession({ address: HOST, label: `b${i}` }),
    ];
    const srtp = suite ? pairOf(suite) : [];
    for (const [side, session] of pair.entries()) {
      const peer = pair[1 - side];
      const remote = { address: HOST, port: peer.rtpPort, rtcpPort: peer.rtcpPort };
      await session.configure({
        remote,
        direction: 'sendrecv',
        send: format,
        receive: [format],
        srtp: srtp[side],
      });
      session.play({ samples, sampleRate: 8000 }, { loop: true });
      sessions.push(session);
    }
  }
  return sessions;
}

/** Per cent of a core per call. */
async function cpuPerCall(calls, suite, warmUpMs, ms) {
  const engine = await MediaEngine.start({ workers: 1 });
  const sessions = await openPairs(engine, calls, suite);
  await sleep(warmUpMs);
  const share = await cpuShare(ms);
  const stats = await Promise.all(sessions.map((session) => session.stats()));
  if (stats.some(({ received }) => received.packets === 0 || received.notAuthentic > 0))
    throw new Error('the SRTP of the bench does not work');
  await engine.close();
  return (100 * share) / calls;
}

/** Share of the clock's slots that came more than 5 ms late, in per cent. */
async function lateSlots(calls, suite, ms) {
  const engine = await MediaEngine.start({ workers: 1 });
  await openPairs(engine, calls, suite);
  await sleep(3000);
  const before = await engine.stats();
  await sleep(ms);
  const after = await engine.stats();
  await engine.close();
  return (100 * (after.lateTicks - before.lateTicks)) / (ms / SLOT_MS);
}

export async function run({ quick = false } = {}) {
  const results = [];
  for (const suite of Object.keys(SUITES)) {
    const { protect, unprotect, yardstick } = measure(suite, quick ? 40 : 200, 1000);
    results.push(
      {
        name: `SRTP protect ${PACKET} bytes, ${suite}`,
        value: protect,
        unit: 'µs',
        goal: 2.5,
        yardstick: { name: 'node:crypto, set up per packet', value: yardstick, unit: 'µs' },
      },
      { name: `SRTP unprotect ${PACKET} bytes, ${suite}`, value: unprotect, unit: 'µs', goal: 2.5 },
    );
  }
  const suite = 'AES_CM_128_HMAC_SHA1_80';
  const [warmUpMs, ms] = quick ? [2000, 3000] : [5000, 15_000];
  const plain = await cpuPerCall(CALLS, undefined, warmUpMs, ms);
  results.push({
    name: `G.711 call with SRTP, both directions, of a core, at ${CALLS} calls`,
    value: await cpuPerCall(CALLS, suite, warmUpMs, ms),
    unit: '%',
    goal: 0.15,
    yardstick: { name: 'the same call without SRTP', value: plain, unit: '%' },
  });
  results.push({
    name: `clock slots more than 5 ms late at ${CALLS} calls with SRTP`,
    value: await lateSlots(CALLS, suite, quick ? 5000 : 20_000),
    unit: '%',
    goal: 1,
  });
  return results;
}
