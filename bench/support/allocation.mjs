/**
 * What the path of a packet allocates: two calls send to each other, in this thread, tick by tick, while V8's sampling
 * heap profiler counts every byte that is allocated, garbage included. Shared by the bench and the test that bounds it.
 */
import { Session } from 'node:inspector';

const HOST = ['127.0.0.1', '127.0.0.2'];
const PORT = 4000;
const TICK_MS = 20;
const SAMPLING_BYTES = 512;
const WARM_UP_TICKS = 8000;
const LOG = {
  enabled: () => false,
  child: () => LOG,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};
const KEYS = [1, 2].map((seed) => ({
  keySalt: Uint8Array.from({ length: 30 }, (_, i) => (i * 37 * seed) & 0xff),
}));

/**
 * @typedef {object} Rig
 * @property {(ticks: number) => void} run
 * @property {() => number} packets received so far
 */

/**
 * @param {{ codec: string, clockRate: number, options?: object }} format
 * @param {{ srtp?: boolean, bridge?: boolean }} [wishes]
 * @returns {Promise<Rig>}
 */
export async function rigOf(format, { srtp = false, bridge = false } = {}) {
  const at = (path) => new URL(`../../dist/${path}`, import.meta.url).href;
  const { CallStream } = await import(at('media/graph/call-stream.js'));
  const { loadCodecs } = await import(at('media/graph/stream-config.js'));
  const { MemorySource } = await import(at('media/graph/pcm-source.js'));
  const { Player } = await import(at('media/graph/player.js'));
  const { Bridge } = await import(at('media/graph/bridge.js'));
  const { BridgePort } = await import(at('media/graph/bridge-port.js'));
  const { allocateRing } = await import(at('media/engine/pcm-ring.js'));
  const { AppInput } = await import(at('media/graph/app-io.js'));
  const { SeededRandom } = await import(at('base/random.js'));

  let now = 1000;
  const clock = {
    now: () => now,
    wallTime: () => 1.7e12 + now,
    after: () => ({ cancel() {}, active: false }),
  };
  const random = new SeededRandom(5);
  const deadlines = { add: () => () => {} };
  const streams = HOST.map(
    () =>
      new CallStream({
        ...{ clock, random, logger: LOG, deadlines },
        emit() {},
        onError() {},
        onPlayed() {},
        onUnplugged() {},
      }),
  );
  const datagram = Buffer.alloc(2000);
  // The system's part: a buffer of the right length, without making one each time.
  const ofLength = Array.from({ length: 2000 }, (_, length) => datagram.subarray(0, length));
  for (const [i, stream] of streams.entries()) {
    const peer = streams[1 - i];
    stream.attach({
      address: HOST[i],
      rtpPort: PORT,
      rtcpPort: PORT + 1,
      send(data, start, length, _host, _port, rtcp) {
        const copy = rtcp ? Buffer.alloc(length) : ofLength[length];
        for (let k = 0; k < length; k++) copy[k] = data[start + k];
        peer.onDatagram(copy, HOST[i], rtcp ? PORT + 1 : PORT, rtcp);
      },
      close() {},
    });
  }
  const payload = { payloadType: 96, ...format };
  for (const [i, stream] of streams.entries()) {
    const config = {
      remote: { address: HOST[1 - i], port: PORT, rtcpPort: PORT + 1 },
      direction: 'sendrecv',
      send: payload,
      receive: [payload],
      ptimeMs: format.ptimeMs,
      srtp: srtp && { suite: 'AES_CM_128_HMAC_SHA1_80', send: KEYS[i], receive: [KEYS[1 - i]] },
    };
    await loadCodecs(config);
    stream.configure(config);
  }
  const samples = Int16Array.from({ length: 16_000 }, (_, i) => 8000 * Math.sin(i * (0.2 + i * 1e-5)));
  for (const stream of streams) stream.addPlayer(new Player(1, new MemorySource(samples, 8000, true), 1));
  let mixer;
  if (bridge) {
    mixer = new Bridge(16_000, new AppInput(() => {}), deadlines, { onSpeaker() {} });
    for (const [i, stream] of streams.entries()) {
      const rings = { sampleRate: 16_000, toBridge: allocateRing(4096), fromBridge: allocateRing(4096) };
      stream.plugIn(new BridgePort(i + 1, rings));
      mixer.join(i + 1, rings, { gain: 1, muted: false, listenOnly: false, deaf: false });
    }
  }
  return {
    packets: () => streams.reduce((sum, stream) => sum + stream.stats().received.packets, 0),
    run(ticks) {
      for (let i = 0; i < ticks; i++) {
        now += TICK_MS;
        mixer?.tick(now);
        for (const stream of streams) stream.tick(now);
      }
    },
  };
}

/** @returns {Promise<{ bytesPerPacket: number, top: Array<[where: string, bytesPerPacket: number]> }>} */
export async function allocationOf(rig, ticks) {
  // Until everything is compiled for good, interpreter and compiler allocate too.
  rig.run(Math.max(WARM_UP_TICKS, ticks));
  const session = new Session();
  session.connect();
  const post = (method, options) =>
    new Promise((resolve, reject) =>
      session.post(method, options, (error, result) => (error ? reject(error) : resolve(result))),
    );
  await post('HeapProfiler.enable');
  const before = rig.packets();
  await post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLING_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  rig.run(ticks);
  const { profile } = await post('HeapProfiler.stopSampling');
  session.disconnect();
  const packets = rig.packets() - before;
  const byPlace = new Map();
  const walk = ({ callFrame, selfSize, children }) => {
    const { functionName, url, lineNumber } = callFrame;
    // What runs the measurement is not the path of a packet.
    if (url.includes('/dist/')) {
      const place = `${functionName || '(anonymous)'} ${url.replace(/.*\/dist\//, '')}:${lineNumber + 1}`;
      byPlace.set(place, (byPlace.get(place) ?? 0) + selfSize);
    }
    for (const child of children) walk(child);
  };
  walk(profile.head);
  const all = [...byPlace].map(([place, bytes]) => [place, bytes / packets]);
  return {
    packets,
    bytesPerPacket: all.reduce((sum, [, bytes]) => sum + bytes, 0),
    top: all.sort((a, b) => b[1] - a[1]).slice(0, 5),
  };
}
