/** Conferences by the functions: who is mixed with whom, and what is told of it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Party } from '../../support/ua-harness.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

const NAMES = ['bob', 'carol', 'dave', 'erin', 'frank'];

let w: WebphoneWorld;
let people: Party[];

afterEach(() => w.end());

/** In conversation with so many people, the first on line 1. */
async function talking(count: number, settings: Record<string, number> = {}): Promise<void> {
  w = new WebphoneWorld(settings);
  w.webphone.API_Start();
  await w.run();
  people = [];
  for (const name of NAMES) people.push(await w.party(name));
  for (const one of people.slice(0, count)) await w.calls(one);
  w.forget();
}

/** Whose audio is mixed together: the lines of each bridge. */
const mixed = (): number[][] => {
  const lines = [...w.engine.open];
  return w.engine.bridges
    .filter(({ closed, joined }) => !closed && joined.size > 0)
    .map(({ members }) =>
      members.map((media) => lines.indexOf(media as (typeof lines)[number]) + 1).toSorted(),
    );
};

/** The last GROUP of each line. */
const groups = (): Record<string, string> =>
  Object.fromEntries(
    w.strings('GROUP').map((text) => {
      const [, line, peers] = /^GROUP,(\d+),?(.*)$/.exec(text) ?? [];
      return [line, peers];
    }),
  );

const connected = (): boolean[] => people.map(({ calls }) => calls[0]?.state === 'connected');

describe('API_Conf', () => {
  it('[conf-multi/1] [API_Conf] without a peer mixes all running calls', async () => {
    await talking(1);
    expect(w.webphone.API_Conf()).toBe(false);
    await w.calls(people[1]);
    await w.calls(people[2]);
    expect(w.webphone.API_Conf()).toBe(true);
    await w.run();
    expect(mixed()).toEqual([[1, 2, 3]]);
    const all = 'bob | carol | dave';
    expect(groups()).toEqual({ 1: all, 2: all, 3: all });
  });

  it('[conf-multi/1] [API_Conf] with a peer calls him, and joins him once he has answered', async () => {
    await talking(1);
    expect(w.webphone.API_Conf(people[1].uri)).toBe(true);
    await w.run();
    expect(people[1].calls[0].state).toBe('ringing');
    expect(mixed()).toEqual([]);
    void people[1].calls[0].answer();
    await w.run();
    expect(mixed()).toEqual([[1, 2]]);
    expect(w.webphone.API_Conf(people[2].uri)).toBe(true);
    await w.run();
    void people[2].calls[0].answer();
    await w.run();
    expect(mixed()).toEqual([[1, 2, 3]]);
    expect(Object.keys(groups())).toEqual(['1', '2', '3']);
  });
});

describe('API_ConfEx', () => {
  it('[conf-multi/2] [API_ConfEx] adds and removes single lines, and ends it and keeps the calls', async () => {
    await talking(4, { conference_addalllines: 0 });
    const { webphone } = w;
    expect(webphone.API_ConfEx(2, '', true, 1)).toBe(true);
    await w.run();
    expect(mixed()).toEqual([[1, 2]]);
    expect(webphone.API_ConfEx(3, '')).toBe(true);
    await w.run();
    expect(mixed()).toEqual([[1, 2, 3]]);
    expect(webphone.API_ConfEx(2, '', false)).toBe(true);
    expect(webphone.API_ConfEx(2, '', false)).toBe(false);
    await w.run();
    expect(mixed()).toEqual([[1, 3]]);
    expect(groups()).toMatchObject({ 1: 'bob | dave', 3: 'bob | dave' });
    expect(webphone.API_ConfEx(-2)).toBe(true);
    await w.run();
    expect(mixed()).toEqual([]);
    expect(connected()).toEqual([true, true, true, true, false]);
    expect(webphone.API_ConfEx(-2)).toBe(false);
  });

  it('[notify:GROUP] whoever is left alone is in no conference any more, and is told so', async () => {
    await talking(3);
    w.webphone.API_Conf();
    await w.run();
    void people[2].calls[0].hangup();
    await w.run();
    expect(groups()).toMatchObject({ 1: 'bob | carol', 2: 'bob | carol' });
    expect(w.webphone.API_ConfEx(2, '', false)).toBe(true);
    await w.run();
    expect(groups()).toMatchObject({ 1: '', 2: '' });
    expect(mixed()).toEqual([]);
    expect(w.webphone.API_ConfEx(-2)).toBe(false);
    expect(connected().slice(0, 2)).toEqual([true, true]);
  });

  it('[conf-multi/1] the calls of a conference are no other lines to each other', async () => {
    await talking(3, { autohold: 4 });
    const held = () => people.slice(0, 3).map(({ calls }) => calls[0].held.remote);
    w.webphone.API_Conf();
    await w.run();
    w.webphone.API_SetLine(2);
    await w.run();
    expect(held()).toEqual([false, false, false]);
    w.webphone.API_ConfEx(-2);
    await w.run();
    w.webphone.API_SetLine(1);
    await w.run();
    expect(held()).toEqual([false, true, true]);
  });

  it('[conf-multi/2] [API_ConfEx] with a peer calls and lets in; the line of a member says which conference', async () => {
    await talking(4);
    const { webphone } = w;
    webphone.API_ConfEx(2, '', true, 1);
    webphone.API_ConfEx(4, '', true, 3);
    await w.run();
    expect(mixed()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(webphone.API_ConfEx(-1, people[4].uri, true, 3)).toBe(true);
    await w.run();
    void people[4].calls[0].answer();
    await w.run();
    expect(mixed()).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    // Into another one: a call is in one conference.
    expect(webphone.API_ConfEx(5, '', true, 2)).toBe(true);
    await w.run();
    expect(mixed()).toEqual([
      [1, 2, 5],
      [3, 4],
    ]);
    expect(groups()).toEqual({
      1: 'bob | carol | frank',
      2: 'bob | carol | frank',
      3: 'dave | erin',
      4: 'dave | erin',
      5: 'bob | carol | frank',
    });
  });

  it.each([
    [0, [[1, 2, 3, 4]]],
    [
      1,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      -1,
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])(
    '[conf-multi/3] [param:conference_tracklines] %i: of two pairs of lines become the conferences %j',
    async (conference_tracklines, expected) => {
      await talking(4, { conference_tracklines });
      w.webphone.API_ConfEx(2, '', true, 1);
      await w.run();
      w.webphone.API_ConfEx(4, '', true, 3);
      await w.run();
      expect(mixed()).toEqual(expected);
      expect(Object.keys(groups())).toEqual(['1', '2', '3', '4']);
      expect(groups()[4].split(' | ').length).toBe(expected.at(-1)?.length);
    },
  );
});
