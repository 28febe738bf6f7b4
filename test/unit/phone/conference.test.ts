import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../src/dsp/level.js';
import type { MediaSession } from '../../../src/media/index.js';
import { Conference, type ConferenceCall } from '../../../src/phone/conference.js';
import { babble, mediaPair, streamTo } from '../../support/media-pair.js';

/** The parts of a call a conference uses, on a real media session. */
function callOf(media: MediaSession, held = false) {
  let end: () => void = () => {};
  const call = {
    state: 'connected' as ConferenceCall['state'],
    held: { local: held, remote: false },
    media,
    resume: async () => {
      call.held.local = false;
    },
    ended: new Promise<never>((resolve) => {
      end = resolve as () => void;
    }),
    hangUp: async () => {
      call.state = 'ended';
      await media.close();
      end();
    },
  };
  return call;
}

describe('a conference', () => {
  it('joins calls, tells who comes, goes and speaks, and leaves the calls alone', async () => {
    const first = await mediaPair({ delayMs: 10 });
    const { engine, clock } = first;
    await first.connect();
    const far = await engine.openSession({ address: '10.0.0.3', label: 'far' });
    const leg = await engine.openSession({ address: '10.0.0.1', label: 'leg' });
    await far.configure(streamTo(leg));
    await leg.configure(streamTo(far));
    const one = callOf(first.a);
    const two = callOf(leg, true);
    const conference = await Conference.open(engine, [one, two]);
    expect(two.held.local).toBe(false);
    const events: string[] = [];
    const name = (call: unknown) => (call === one ? 'one' : call === two ? 'two' : String(call));
    for (const event of ['joined', 'left', 'speaker'] as const) {
      conference.on(event, (call) => events.push(`${event} ${name(call)}`));
    }
    conference.on('ended', () => events.push('ended'));
    expect(conference.members).toEqual([one, two]);
    first.b.play({ samples: babble(2), sampleRate: 8000 });
    const reader = far.output({ sampleRate: 8000 });
    await clock.run(1500);
    const heard: number[] = [];
    for await (const { samples } of reader) {
      heard.push(levelDbov(samples));
      if (heard.length === 40) break;
    }
    expect(Math.max(...heard)).toBeGreaterThan(-25);
    conference.remove(one);
    await conference.add(one, { muted: true });
    await two.hangUp();
    await Promise.resolve();
    await conference.close();
    expect(events).toEqual(['speaker one', 'left one', 'joined one', 'left two', 'left one', 'ended']);
    expect((await one.media.stats()).sent.packets).toBeGreaterThan(0);
    one.state = 'ringing';
    await expect(Conference.open(engine, [one])).rejects.toMatchObject({ code: 'ERR_CALL_STATE' });
    await engine.close();
  });
});
