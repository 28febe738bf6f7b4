/** Every setting that is said to take effect at once is changed in a running webphone, and acts. */
import { describe, expect, it } from 'vitest';
import { PARAMETERS } from '../../../../src/webphone/parameters/parameters.js';
import { audioCases } from './audio-cases.js';
import { callCases } from './call-cases.js';
import { type LiveCases, live } from './live-phone.js';
import { programCases } from './program-cases.js';
import { serviceCases } from './service-cases.js';

const CASES: LiveCases = { ...callCases, ...serviceCases, ...programCases, ...audioCases };
const atOnce = PARAMETERS.filter(({ effect }) => effect === 'now');
const working = atOnce.filter(({ status }) => status === 'works').map(({ name }) => name);

describe('settings that count at once', () => {
  it('have a case each, and no other has', () => {
    expect(Object.keys(CASES).sort()).toEqual([...working].sort());
  });

  it.each(working)('%s', async (name) => {
    expect.hasAssertions();
    await CASES[name]();
  });

  it('say so in a running phone when they do nothing', async () => {
    await live(async ({ api, w }) => {
      for (const { name, status, default: value = '1' } of atOnce) {
        if (status === 'works') continue;
        w.forget();
        api.API_SetParameter(name, String(value));
        expect(w.strings('WARNING').join(), name).toContain(name);
      }
    })();
  });
});
