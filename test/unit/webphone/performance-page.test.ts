/** docs/PERFORMANCE.md: phones started with the settings it gives do what it says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { audioFormats, parseSdp, ptime } from '../../../src/sdp/index.js';
import { resolveName } from '../../../src/webphone/parameters/names.js';
import { Settings } from '../../../src/webphone/settings/settings.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/PERFORMANCE.md'), 'utf8');
const [weak, busy] = [...page.matchAll(/```ini\n([^`]+)```/g)].map(([, block]) =>
  Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  ),
);

let w: WebphoneWorld;

afterEach(() => w.end());

/** The codecs of the offer in the INVITE of a phone with these settings, and what its media is told. */
async function call(settings: Readonly<Record<string, string>>) {
  w = new WebphoneWorld({ ...settings, serveraddress: SERVER, username: 'me', password: 'secret' });
  const registrar = await w.registrar();
  w.webphone.API_Start();
  await w.run(500);
  expect(registrar.requests.length).toBeGreaterThan(0);
  w.webphone.API_Call(-1, '100');
  await w.run(500);
  const invite = registrar.others.find(({ request }) => request.method === 'INVITE');
  const sdp = parseSdp(invite?.request.bodyText ?? '');
  const { options } = w.media();
  const [audio] = sdp.media;
  expect(sdp.media).toHaveLength(1);
  invite?.tx.reply(486);
  await w.run(500);
  return {
    codecs: audioFormats(audio)
      .map(({ name }) => name)
      .filter((name) => !/^(telephone-event|CN)$/i.test(name)),
    ptime: ptime(audio),
    options,
    others: registrar.others.map(({ request }) => request.method),
    expires: registrar.requests[0].expires,
  };
}

describe('the performance page', () => {
  it('[performance/0] names settings that do something, with values they take', () => {
    w = new WebphoneWorld();
    for (const block of [weak, busy]) {
      expect(Object.keys(block).length).toBeGreaterThan(12);
      const settings = new Settings();
      for (const [name, value] of Object.entries(block)) {
        const { spec } = resolveName(name) ?? {};
        expect([name, spec?.name, spec?.status]).toEqual([name, name, 'works']);
        expect(settings.set(name, value)).toMatchObject({ ok: true });
      }
    }
  });

  it('[performance/0] [performance/1] a phone of the weak machine offers PCMU, GSM and PCMA alone, in packets of 40 ms, and processes nothing', async () => {
    const usual = await call({ denoise: '2', agc: '2' });
    expect(usual.codecs).toContain('G722');
    expect(usual.options.processing).toMatchObject({ sent: { agc: true, noiseSuppression: 'light' } });
    await w.end();

    const spare = await call(weak);
    expect([...spare.codecs].sort()).toEqual(['GSM', 'PCMA', 'PCMU']);
    expect(spare.codecs[0]).toBe('PCMU');
    expect(spare.ptime).toBe(40);
    expect(spare.expires).toBe(300);
    expect(spare.options).toMatchObject({ rtcp: false, concealment: false });
    const nothing = { agc: undefined, noiseSuppression: undefined, vad: undefined };
    expect(spare.options.processing).toEqual({ sent: nothing, received: nothing });
  });

  it('[performance/0] [performance/2] a phone for many calls takes more than 500 at once, of one caller', async () => {
    w = new WebphoneWorld({ ...busy, autoaccept: 'true', register: 0 });
    w.webphone.API_Start();
    await w.run(100);
    const caller = await w.party('crowd', '10.0.0.30');
    const calls = Array.from({ length: 520 }, () =>
      caller.agent.invite(`sip:me@${HOST}`, { from: 'sip:crowd@10.0.0.30' }),
    );
    await w.run(2000);
    expect(calls.filter(({ state }) => state === 'connected')).toHaveLength(520);
    for (const call of calls) void call.hangup();
    await w.run(2000);
    expect(w.engine.open.size).toBe(0);
  }, 60_000);
});
