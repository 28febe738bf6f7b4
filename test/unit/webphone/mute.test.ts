/** Mute as functions and settings have it: what media sessions are told. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../src/ua/index.js';
import type { Given } from '../../support/settings-world.js';
import type { Party } from '../../support/ua-harness.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let parties: Party[];

afterEach(() => w.end());

async function begin(settings: Given = {}): Promise<void> {
  w = new WebphoneWorld({ register: 0, disablesamecall: 0, ...settings });
  w.webphone.API_Start();
  parties = [await w.party('bob'), await w.party('carol'), await w.party('dave')];
  await w.run();
}

/** The n-th call goes out, is answered, and has the n-th line. */
const talk = (at: number): Promise<Call> => w.calls(parties[at - 1]);

/** What is not heard on a line: of the speaker, of the microphone. */
const silent = (line: number): string => {
  const { receive, send } = w.media(line - 1).muted;
  return [receive && 'speaker', send && 'microphone'].filter(Boolean).join(' and ') || 'nothing';
};

describe('mute', () => {
  it.each([
    [{}, 0, 'speaker and microphone', 1],
    [{}, 1, 'speaker', 2],
    [{}, 2, 'microphone', 3],
    [{}, 3, 'speaker and microphone', 1],
    [{}, 4, 'microphone', 3],
    [{ defmute: 1 }, 4, 'speaker', 2],
    [{ defmute: 0 }, 4, 'speaker and microphone', 1],
  ] as Array<[Given, number, string, number]>)(
    '[mute/0] [API_Mute] [API_IsMuted] [param:defmute] %j: direction %i is the %s, of one line, the current one or all',
    async (settings, direction, muted, number) => {
      await begin(settings);
      await talk(1);
      await talk(2);
      const { webphone } = w;
      expect(webphone.API_Mute(1, true, direction)).toBe(true);
      expect([silent(1), silent(2)]).toEqual([muted, 'nothing']);
      expect([1, 2].map((line) => webphone.API_IsMuted(line))).toEqual([number, 0]);
      webphone.API_Mute(1, false, direction);
      webphone.API_Mute(-1, true, direction);
      expect([silent(1), silent(2)]).toEqual(['nothing', muted]);
      webphone.API_Mute(-2, true, direction);
      expect([silent(1), silent(2)]).toEqual([muted, muted]);
      webphone.API_Mute(-2, false, direction);
      expect([silent(1), silent(2)]).toEqual(['nothing', 'nothing']);
    },
  );

  it.each([
    [0, [false, false, false]],
    [1, [true, false, false]],
    [2, [false, true, false]],
    [3, [true, true, false]],
    [4, [false, false, true]],
    [5, [false, true, true]],
    [6, [true, true, true]],
  ])(
    '[mute/1] [param:automute] [param:autohold] %i: the other lines when a call comes, goes out, or a line is chosen: %j',
    async (value, expected) => {
      for (const name of ['automute', 'autohold']) {
        await begin({ [name]: value });
        const quiet = (line: number): boolean =>
          name === 'automute' ? w.webphone.API_IsMuted(line) === 3 : w.webphone.API_IsOnHold(line) === 2;
        const free = async (): Promise<void> => {
          w.webphone.API_Mute(-2, false, 0);
          w.webphone.API_Hold(-2, false);
          await w.run();
        };
        const seen: boolean[] = [];
        await talk(1);
        await w.called(parties[1]);
        expect(quiet(1)).toBe(false);
        w.webphone.API_Accept(2);
        await w.run();
        seen.push(quiet(1));
        await free();
        await talk(3);
        expect(quiet(3)).toBe(false);
        seen.push(quiet(1) && quiet(2));
        await free();
        w.webphone.API_SetLine(1);
        await w.run();
        expect(quiet(1)).toBe(false);
        seen.push(quiet(2) && quiet(3));
        expect([name, seen]).toEqual([name, expected]);
        if (name === 'automute') await w.end();
      }
    },
  );

  it.each([
    [{}, 'stop'],
    [{ sendrtponmuted: true }, 'silence'],
  ] as Array<[Given, string]>)('[mute/2] [param:sendrtponmuted] %j: its RTP is %s', async (settings, rtp) => {
    await begin(settings);
    await talk(1);
    w.webphone.API_Mute(1, true, 2);
    expect(w.media().muted).toMatchObject({ send: true, rtp });
  });
});
