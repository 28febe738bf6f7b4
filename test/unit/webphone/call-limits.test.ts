/** The times after which a webphone ends calls by itself, and what it says then. */
import { describe, expect, it } from 'vitest';
import { sineOf } from '../../support/headset-room.js';
import { atDesk } from '../../support/webphone-desk.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
type Given = Readonly<Record<string, number>>;

async function within<T>(given: Given, work: (w: WebphoneWorld) => Promise<T>): Promise<T> {
  const w = new WebphoneWorld(given);
  w.webphone.API_Start();
  await w.run(100);
  try {
    return await work(w);
  } finally {
    await w.end();
  }
}

/** The text of the last CDR, or how the call stands. */
function outcomeOf(w: WebphoneWorld): string {
  const cdr = w.last('CDR').split(',');
  return cdr.length > 8 ? cdr[9] : (w.states(1).at(-1) ?? '');
}

/** We call somebody who lets it ring. */
const rings = (given: Given, ms: number): Promise<string> =>
  within(given, async (w) => {
    const bob = await w.party('bob');
    w.webphone.API_Call(-1, bob.uri);
    await w.run(ms);
    return outcomeOf(w);
  });

const talks = (given: Given, ms: number): Promise<string> =>
  within(given, async (w) => {
    await w.calls(await w.party('bob'));
    await w.run(ms);
    return outcomeOf(w);
  });

describe('the times of a call', () => {
  it('[call-limits/0] [call-limits/1] [param:ringtimeout] [param:calltimeout] ringing ends after 90 s, a conversation after 3 hours; 0 is for ever', async () => {
    expect(await rings({}, 88_000)).toBe('Ringing');
    expect(await rings({}, 92_000)).toBe('ring timeout');
    expect(await rings({ ringtimeout: 0 }, 170_000)).toBe('Ringing');
    expect(await talks({}, 3 * HOUR - MINUTE)).toBe('Speaking');
    expect(await talks({}, 3 * HOUR + MINUTE)).toBe('max speech time expired');
    expect(await talks({ calltimeout: 0 }, 4 * HOUR)).toBe('Speaking');
    expect(await talks({ calltimeout: 5000 }, 6000)).toBe('max speech time expired');
  });

  it('[call-limits/0] [call-limits/3] [param:timer2] they double with timer2', async () => {
    expect(await rings({ timer2: 20 }, 178_000)).toBe('Ringing');
    expect(await rings({ timer2: 20 }, 182_000)).toBe('ring timeout');
    expect(await talks({ calltimeout: 5000, timer2: 20 }, 9000)).toBe('Speaking');
    expect(await talks({ calltimeout: 5000, timer2: 20 }, 11_000)).toBe('max speech time expired');
  });

  it('[call-limits/3] [param:timer] [param:timer3] repetitions come half as often with timer or timer3 doubled', async () => {
    const pauses = (given: Given): Promise<number[]> =>
      within(given, async (w) => {
        w.world.network.unreachable.add('10.0.0.50');
        w.webphone.API_Call(-1, 'sip:nobody@10.0.0.50;transport=udp');
        await w.run(8000);
        const times = w.world.network.packets
          .filter(({ text }) => text.startsWith('INVITE'))
          .map(({ time }) => time);
        return times.slice(1, 3).map((time, i) => time - times[i]);
      });
    expect(await pauses({})).toEqual([500, 1000]);
    expect(await pauses({ timer: 10, timer3: 10 })).toEqual([500, 1000]);
    expect(await pauses({ timer: 20 })).toEqual([1000, 2000]);
    expect(await pauses({ timer3: 20 })).toEqual([1000, 2000]);
  });
});

describe('calls without media', () => {
  const SECOND = 1000;

  it('[call-limits/0] [call-limits/2] [param:mediatimeout] end 300 s after the last packet', async () => {
    await atDesk({}, async (desk) => {
      const call = await desk.talks();
      await desk.run(2 * SECOND);
      desk.network.conditions.drop = () => true;
      await desk.run(290 * SECOND);
      expect(desk.webphone.API_IsInCall()).toBe(2);
      await desk.run(15 * SECOND);
      expect(desk.webphone.API_IsInCall()).toBe(0);
      expect(desk.strings('CDR').at(-1)).toContain('media timeout');
      expect(call.state).toBe('ended');
    });
  });

  it('[call-limits/2] [param:mediatimeout] end 150 s after the beginning when there never was one', async () => {
    await atDesk({}, async (desk) => {
      desk.network.conditions.drop = () => true;
      await desk.talks();
      await desk.run(145 * SECOND);
      expect(desk.webphone.API_IsInCall()).toBe(2);
      await desk.run(10 * SECOND);
      expect(desk.webphone.API_IsInCall()).toBe(0);
      expect(desk.strings('CDR').at(-1)).toContain('media timeout');
    });
  });

  it('[call-limits/2] [param:mediatimeout] go on for ever with 0', async () => {
    await within({ mediatimeout: 0 }, async (w) => {
      await w.calls(await w.party('bob'));
      expect(w.media().options.watchdog).toMatchObject({ timeoutMs: 0, startTimeoutMs: 0 });
      await w.run(HOUR);
      expect(outcomeOf(w)).toBe('Speaking');
    });
  });

  it('[call-limits/2] [param:mediatimeout_notify] are only told of when that is set', async () => {
    const silent = (given: Given): Promise<string[]> =>
      atDesk(given, async (desk) => {
        desk.microphone.hears = sineOf(437);
        await desk.talks();
        await desk.run(2 * SECOND);
        desk.network.conditions.drop = () => true;
        await desk.run(30 * SECOND);
        expect(desk.webphone.API_IsInCall()).toBe(2);
        return desk.strings('WARNING');
      });
    expect(await silent({ mediatimeout_notify: 20 })).toEqual(['WARNING,media timeout (notify)']);
    expect(await silent({ mediatimeout_notify: 40 })).toEqual([]);
    expect(await silent({})).toEqual([]);
  });
});
