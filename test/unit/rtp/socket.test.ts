import { afterEach, describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../src/base/errors.js';
import { SeededRandom } from '../../../src/base/random.js';
import { RtpSocketPair } from '../../../src/rtp/socket.js';

const open: RtpSocketPair[] = [];

async function openPair(
  seed: number,
  onDatagram: (data: Buffer, host: string, port: number, rtcp: boolean) => void = () => {},
  options: { address?: string; portRange?: [number, number] } = {},
): Promise<RtpSocketPair> {
  const pair = await RtpSocketPair.open({
    address: options.address ?? '127.0.0.1',
    portRange: options.portRange ?? [21_000, 23_999],
    random: new SeededRandom(seed),
    onDatagram,
    onError: (error) => {
      throw error;
    },
  });
  open.push(pair);
  return pair;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((pair) => pair.close()));
});

describe('RtpSocketPair', () => {
  it('takes an even port for RTP and the next for RTCP, within the range', async () => {
    const pair = await openPair(process.pid);
    expect(pair.rtpPort % 2).toBe(0);
    expect(pair.rtcpPort).toBe(pair.rtpPort + 1);
    expect(pair.rtpPort).toBeGreaterThanOrEqual(21_000);
    expect(pair.rtcpPort).toBeLessThanOrEqual(23_999);
  });

  it('goes on to the next pair when the first is taken', async () => {
    const a = await openPair(process.pid + 1);
    const b = await openPair(process.pid + 1);
    expect(b.rtpPort).not.toBe(a.rtpPort);
  });

  it('says so when no pair is free', async () => {
    const a = await openPair(process.pid + 2);
    const failure = openPair(1, undefined, { portRange: [a.rtpPort, a.rtcpPort] });
    await expect(failure).rejects.toSatisfy((error) => isSwitchhookError(error, 'ERR_MEDIA_PORTS'));
  });

  it('refuses an address that is not local', async () => {
    const failure = openPair(1, undefined, { address: '192.0.2.1' });
    await expect(failure).rejects.toSatisfy((error) => isSwitchhookError(error, 'ERR_INVALID_ARGUMENT'));
  });

  it('sends before returning, so that the buffer can be reused', async () => {
    const received: Array<{ text: string; port: number; rtcp: boolean }> = [];
    const { promise, resolve } = deferred();
    const b = await openPair(process.pid + 3, (data, _host, port, rtcp) => {
      received.push({ text: data.toString(), port, rtcp });
      if (received.length === 2) resolve();
    });
    const a = await openPair(process.pid + 4);
    const buffer = Buffer.from('..first..');
    a.send(buffer, 2, 5, '127.0.0.1', b.rtpPort, false);
    buffer.write('other', 2);
    a.send(buffer, 2, 5, '127.0.0.1', b.rtcpPort, true);
    await promise;
    expect(received).toEqual([
      { text: 'first', port: a.rtpPort, rtcp: false },
      { text: 'other', port: a.rtcpPort, rtcp: true },
    ]);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
