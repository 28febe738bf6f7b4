/** Two media sessions in virtual time, connected by a simulated network. */
import { VirtualClock } from '../../src/base/clock.js';
import { SeededRandom } from '../../src/base/random.js';
import { MediaEngine, type MediaSession, type StreamConfig } from '../../src/media/index.js';
import { type DatagramConditions, DatagramNetwork } from '../../src/testing/datagram-network.js';
import './preloaded.js';

export interface MediaPair {
  clock: VirtualClock;
  network: DatagramNetwork;
  engine: MediaEngine;
  a: MediaSession;
  b: MediaSession;
  /** Configures both for a PCMU call; `change` may alter what a side gets. */
  connect(change?: (config: StreamConfig, side: 'a' | 'b') => StreamConfig): Promise<void>;
}

export function streamTo(peer: MediaSession): StreamConfig {
  return {
    remote: { address: peer.address, port: peer.rtpPort, rtcpPort: peer.rtcpPort },
    direction: 'sendrecv',
    send: { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
    receive: [
      { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
      { payloadType: 8, codec: 'PCMA', clockRate: 8000 },
    ],
    telephoneEventSend: { payloadType: 101, clockRate: 8000 },
    telephoneEventReceive: [{ payloadType: 101, clockRate: 8000 }],
    comfortNoise: { receivePayloadType: 13 },
  };
}

export async function mediaPair(conditions: DatagramConditions = {}, seed = 1): Promise<MediaPair> {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const network = new DatagramNetwork(clock, random, conditions);
  const engine = await MediaEngine.start({ workers: 'in-process', clock, random, transport: network });
  const a = await engine.openSession({ address: '10.0.0.1', label: 'a' });
  const b = await engine.openSession({ address: '10.0.0.2', label: 'b' });
  const connect: MediaPair['connect'] = async (change = (config) => config) => {
    await a.configure(change(streamTo(b), 'a'));
    await b.configure(change(streamTo(a), 'b'));
  };
  return { clock, network, engine, a, b, connect };
}

/** Something like speech: voiced syllables of changing pitch with pauses, so that delays can be told. */
export function babble(seconds: number, sampleRate = 8000, seed = 5): Int16Array {
  const random = new SeededRandom(seed);
  const out = new Int16Array(Math.round(seconds * sampleRate));
  let at = 0;
  while (at < out.length) {
    const length = Math.round((0.08 + 0.2 * random.float()) * sampleRate);
    const pitch = 90 + 120 * random.float();
    const formant = 400 + 1500 * random.float();
    const level = 3000 + 7000 * random.float();
    for (let i = 0; i < length && at + i < out.length; i++) {
      const t = i / sampleRate;
      const envelope = Math.sin((Math.PI * i) / length);
      let value = 0;
      for (let k = 1; k * pitch < 3400; k++) {
        value += Math.sin(2 * Math.PI * k * pitch * t) / (1 + ((k * pitch - formant) / 300) ** 2);
      }
      out[at + i] = Math.round((value * envelope * level) / 3);
    }
    at += length + Math.round(0.08 * random.float() * sampleRate);
  }
  return out;
}
