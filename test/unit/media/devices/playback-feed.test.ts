import { describe, expect, it } from 'vitest';
import { PlaybackFeed } from '../../../../src/media/devices/playback-feed.js';
import type { PlaybackStream } from '../../../../src/media/index.js';

describe('what is on its way to a speaker', () => {
  it('a device that stalls when it is opened is not late for ever', () => {
    for (const stallMs of [0, 600, 1500]) {
      let nowMs = 0;
      let written = 0;
      const stream: PlaybackStream = {
        ready: true,
        underruns: 0,
        get queuedMs() {
          return Math.max(0, written / 16 - Math.max(0, nowMs - stallMs));
        },
        write: (_pcm, count) => void (written += count),
        close: () => {},
      };
      const feed = new PlaybackFeed(stream, 16_000);
      const frame = new Int16Array(320);
      for (; nowMs < 10_000; nowMs += 20) feed.write(frame, frame.length);
      expect(feed.queuedMs).toBeLessThan(stallMs === 0 ? 60 : 270);
    }
  });
});
