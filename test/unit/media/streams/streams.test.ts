import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import { ULAW_TO_LINEAR } from '../../../../src/codecs/g711/g711.js';
import {
  eachFrame,
  readableAudio,
  receiveAudio,
  type UdpStreamOptions,
  writableAudio,
} from '../../../../src/media/index.js';
import { headerBytes } from '../../../../src/media/streams/stream-packet.js';
import { UdpSender } from '../../../../src/media/streams/udp-sender.js';
import { RtpPacketView, writeRtpHeader } from '../../../../src/rtp/packet.js';
import { compareAudio } from '../../../../src/testing/audio-compare.js';
import { babble, mediaPair } from '../../../support/media-pair.js';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function listener(): Promise<{ port: number; got: Buffer[] }> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const got: Buffer[] = [];
  socket.on('message', (data) => got.push(data));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, got };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await delay(2);
  expect(condition()).toBe(true);
}

const frame = (value: number, count = 160) => new Int16Array(count).fill(value);

async function sendTwenty(options: UdpStreamOptions): Promise<UdpSender> {
  const sender = await UdpSender.open(options, new SeededRandom(1), () => {});
  for (let i = 0; i < 20; i++) sender.push(frame(1000), 160, 8000, frame(-2, 320), 320, 16000);
  return sender;
}

describe('the bytes before the audio', () => {
  it.each([
    [{}, ''],
    [{ mediaType: true, direction: true, line: 'byte', lineNumber: 5 }, '010205'],
    [{ direction: true, line: 'byte-vad', lineNumber: 300 }, '027f00'],
    [{ line: 'text', lineNumber: 2 }, Buffer.from('2,').toString('hex')],
    [
      { mediaType: true, line: 'text-call-id', lineNumber: 3, callId: 'abc' },
      `01${Buffer.from('3,abc,').toString('hex')}`,
    ],
  ] as const)('%j', (header, expected) => {
    expect(headerBytes(header, 'sent').bytes.toString('hex')).toBe(expected);
  });
});

describe('a call over UDP', () => {
  it('is PCM at the rate of each side, with marks at both ends', async () => {
    const received = await listener();
    const sent = await listener();
    const sender = await sendTwenty({ receivedPort: received.port, sentPort: sent.port, marks: true });
    sender.close();
    await until(() => received.got.length === 22 && sent.got.length === 22);
    for (const { got } of [received, sent]) {
      expect(got[0].toString()).toBe('BOF');
      expect(got[21].toString()).toBe('EOF');
    }
    expect(received.got[5].length).toBe(320);
    expect(received.got[5].readInt16LE(100)).toBe(1000);
    expect(sent.got[5].length).toBe(640);
    expect(sent.got[5].readInt16LE(100)).toBe(-2);
    expect(sender.dropped).toBe(0);
  });

  it('has another rate, the other byte order and a header when asked for', async () => {
    const { port, got } = await listener();
    const sender = await sendTwenty({
      receivedPort: port,
      audio: { kind: 'pcm', sampleRate: 16000, bigEndian: true },
      header: { mediaType: true, direction: true, line: 'byte-vad', lineNumber: 7 },
    });
    await until(() => got.length === 20);
    sender.close();
    expect(got[19].length).toBe(4 + 640);
    expect([...got[19].subarray(0, 3)]).toEqual([1, 1, 7]);
    expect([1, 2]).toContain(got[19][3]);
    expect(got[19].readInt16BE(4 + 300)).toBe(1000);
  });

  it('is RTP, or its payload alone, in the codec asked for', async () => {
    const rtp = await listener();
    const raw = await listener();
    const first = await sendTwenty({ receivedPort: rtp.port, audio: { kind: 'rtp' } });
    const second = await sendTwenty({ sentPort: raw.port, audio: { kind: 'payload', codec: 'GSM' } });
    await until(() => rtp.got.length === 20 && raw.got.length === 20);
    first.close();
    second.close();
    const view = new RtpPacketView();
    const heads = rtp.got.map((data) => {
      expect(view.parse(data, 0, data.length)).toBe(true);
      expect(ULAW_TO_LINEAR[data[view.payloadOffset + 50]]).toBeCloseTo(1000, -2);
      return { type: view.payloadType, marker: view.marker, at: view.timestamp, sequence: view.sequence };
    });
    expect(heads.map(({ marker }) => marker)).toEqual([true, ...Array<boolean>(19).fill(false)]);
    expect((heads[19].at - heads[0].at) >>> 0).toBe(19 * 160);
    expect((heads[19].sequence - heads[0].sequence) & 0xffff).toBe(19);
    expect(heads[0].type).toBe(0);
    expect(raw.got.every((data) => data.length === 33 && data[0] >> 4 === 0xd)).toBe(true);
  });

  it('keeps the time line of RTP over packets that are dropped and time that is skipped', async () => {
    const { port, got } = await listener();
    const sender = await UdpSender.open(
      { receivedPort: port, audio: { kind: 'rtp' } },
      new SeededRandom(1),
      () => {},
    );
    const push = (count = 160) => sender.push(frame(1, count), count, 8000, frame(1), 160, 8000);
    const view = new RtpPacketView();
    const head = (data: Buffer) => {
      view.parse(data, 0, data.length);
      return { at: view.timestamp, sequence: view.sequence, marker: view.marker };
    };
    for (let i = 0; i < 100; i++) push();
    expect(sender.dropped).toBe(100 - 64);
    await until(() => got.length === 64);
    push();
    await until(() => got.length === 65);
    push(80);
    sender.skip(500);
    push();
    await until(() => got.length === 66);
    const [first, dropped, skipped] = [0, 64, 65].map((i) => head(got[i]));
    expect((dropped.at - first.at) >>> 0).toBe(100 * 160);
    expect((dropped.sequence - first.sequence) & 0xffff).toBe(100);
    expect((skipped.at - dropped.at) >>> 0).toBe(160 + 80 + 4000);
    expect((skipped.sequence - dropped.sequence) & 0xffff).toBe(1);
    expect([first.marker, dropped.marker, skipped.marker]).toEqual([true, false, true]);
    sender.close();
  });

  it('drops packets rather than to wait, and refuses codecs that are none', async () => {
    const { port } = await listener();
    const sender = await UdpSender.open({ receivedPort: port }, new SeededRandom(1), () => {});
    for (let i = 0; i < 500; i++) sender.push(frame(1), 160, 8000, frame(1), 160, 8000);
    expect(sender.dropped).toBe(500 - 64);
    sender.close();
    const audio = { kind: 'rtp', codec: 'FOO' } as const;
    await expect(UdpSender.open({ audio }, new SeededRandom(1), () => {})).rejects.toThrow(
      "unknown codec 'FOO'",
    );
  });

  it('goes out of a session and into another one', async () => {
    const pair = await mediaPair();
    await pair.connect();
    const { port, got } = await listener();
    const stream = await pair.b.stream({ receivedPort: port });
    const speech = babble(2);
    pair.a.play({ samples: speech, sampleRate: 8000 });
    for (let i = 0; i < 21; i++) {
      await pair.clock.run(100);
      await delay(1);
    }
    await until(() => got.length >= 100);
    stream.close();
    const bytes = Buffer.concat(got);
    const heard = Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
    expect(compareAudio(speech, heard, 8000, 500).correlation).toBeGreaterThan(0.98);
    await pair.engine.close();
  });
});

describe('audio from UDP', () => {
  function target() {
    const samples: number[] = [];
    let rate = 0;
    return {
      samples,
      rate: () => rate,
      write(pcm: Int16Array, sampleRate: number): true {
        samples.push(...pcm);
        rate = sampleRate;
        return true;
      },
    };
  }

  async function sendTo(port: number, packets: readonly Uint8Array[]): Promise<void> {
    const socket = createSocket('udp4');
    sockets.push(socket);
    for (const packet of packets) {
      await new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve));
    }
  }

  it('is PCM, without the bytes before it', async () => {
    const call = target();
    const input = await receiveAudio(call, { audio: { kind: 'pcm', sampleRate: 16000 }, headerBytes: 2 });
    await sendTo(input.port, [
      Uint8Array.of(9, 9, 1, 0, 2, 0),
      Uint8Array.of(9, 9),
      Uint8Array.of(9, 9, 3, 0),
    ]);
    await until(() => input.packets + input.dropped === 3);
    expect(call.samples).toEqual([1, 2, 3]);
    expect(call.rate()).toBe(16000);
    expect(input.dropped).toBe(1);
    expect(input.address).toBe('127.0.0.1');
    await input.close();
    await input.close();
  });

  it('is RTP: copies are left out, losses concealed, another source begins anew', async () => {
    const call = target();
    const input = await receiveAudio(call, { audio: { kind: 'rtp', codec: 'PCMA' } });
    const packet = (sequence: number, ssrc = 1) => {
      const data = new Uint8Array(172);
      writeRtpHeader(data, 0, 8, false, sequence & 0xffff, 0, ssrc);
      return data.fill(0x55, 12);
    };
    const order = [65534, 65535, 65535, 65534, 1, 2].map((n) => packet(n));
    await sendTo(input.port, [...order, packet(900, 2), new Uint8Array(5)]);
    await until(() => input.packets + input.dropped === 8);
    expect(input.dropped).toBe(3);
    expect(call.samples.length).toBe((5 + 1) * 160);
    await input.close();
  });

  it('is heard at once when its sender begins anew under the same SSRC; what is late stays out', async () => {
    const call = target();
    const input = await receiveAudio(call, { audio: { kind: 'rtp', codec: 'PCMA' } });
    const packet = (sequence: number) => {
      const data = new Uint8Array(172);
      writeRtpHeader(data, 0, 8, false, sequence, 0, 1);
      return data.fill(0x55, 12);
    };
    const order = [5000, 5001, 4999, 4998, 4999, 0, 1, 2, 3].map(packet);
    await sendTo(input.port, order);
    await until(() => input.packets + input.dropped === order.length);
    expect(input.dropped).toBe(4);
    expect(call.samples.length).toBe(5 * 160);
    await input.close();
  });

  it('never takes more than the call does, and outlives it', async () => {
    const full = await receiveAudio({ write: () => new Promise<boolean>(() => {}) });
    await sendTo(
      full.port,
      Array.from({ length: 60 }, () => new Uint8Array(320)),
    );
    await until(() => full.packets + full.dropped === 60);
    expect(full.packets).toBe(50);
    await full.close();
    const gone = await receiveAudio({
      write: () => {
        throw new Error('ended');
      },
    });
    await sendTo(gone.port, [new Uint8Array(320)]);
    await until(() => gone.dropped === 1);
    await expect(receiveAudio(target(), { port: gone.port })).rejects.toMatchObject({
      code: 'ERR_MEDIA_SOCKET',
    });
    await gone.close();
  });
});

describe('other forms of the audio of a call', () => {
  it('Node streams carry it both ways', async () => {
    const pair = await mediaPair();
    await pair.connect();
    const speech = babble(2);
    const bytes = Buffer.from(speech.buffer, speech.byteOffset, speech.byteLength);
    const into = writableAudio(pair.a.input, 8000);
    // Cut within a sample.
    into.write(bytes.subarray(0, 3001));
    into.end(bytes.subarray(3001));
    const out = readableAudio(pair.b.output({ sampleRate: 8000 }));
    const chunks: Buffer[] = [];
    out.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (let i = 0; i < 22; i++) {
      await pair.clock.run(100);
      await delay(1);
    }
    out.destroy();
    await once(out, 'close');
    const all = Buffer.concat(chunks);
    const heard = Int16Array.from({ length: all.length >> 1 }, (_, i) => all.readInt16LE(2 * i));
    expect(compareAudio(speech, heard, 8000, 500).correlation).toBeGreaterThan(0.98);
    await pair.engine.close();
  });

  it('a callback gets every frame, and what it throws is told', async () => {
    const pair = await mediaPair();
    await pair.connect();
    let frames = 0;
    const reader = pair.b.output({ sampleRate: 8000 });
    const done = eachFrame(reader, () => void frames++);
    const failing = eachFrame(pair.b.output({ sampleRate: 8000 }), () => {
      throw new Error('mine');
    });
    const failed = expect(failing).rejects.toThrow('mine');
    for (let i = 0; i < 10; i++) {
      await pair.clock.run(100);
      await delay(1);
    }
    await failed;
    reader.close();
    await done;
    expect(frames).toBeGreaterThan(40);
    await pair.engine.close();
  });
});
