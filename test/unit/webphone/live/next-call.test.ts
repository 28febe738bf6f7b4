/**
 * Every setting that is said to count with the next call: a webphone where it is changed while it runs places and takes its
 * next calls as one does that was started with it, and otherwise than one without it.
 */
import { describe, expect, it, vi } from 'vitest';
import { PARAMETERS } from '../../../../src/webphone/parameters/parameters.js';
import type { ParameterSpec } from '../../../../src/webphone/parameters/spec.js';
import { HOST } from '../../../support/webphone-world.js';
import { LivePhone, ME } from './live-phone.js';

/** Values that mean something to their setting; of others the last or the next one is taken. */
const VALUES: Readonly<Record<string, string>> = {
  allowfirstdrop: '0',
  allowrecall: '2',
  allowspeedup: '0',
  beeptype: '0',
  defsetmuted: '2',
  disablewbforpstn: '0',
  earlymedia: '0',
  natopenpackettype: '1',
  address: 'sip:there@10.0.0.100',
  customsdpfield: 'a=x-test:1',
  customsdpmediafield: 'a=x-test:1',
  lineseparator: '|',
  callid: 'next-one@here',
  codec: 'PCMA',
  prefcodec: 'PCMA',
  serverip: '10.0.0.98',
};
const SENT = /^(INVITE|SIP\/2\.0) /;

function otherValues({
  name,
  type,
  values,
  default: usual,
  range,
}: ParameterSpec): Array<string | number | boolean> {
  if (VALUES[name] !== undefined) return [VALUES[name]];
  if (type === 'bool') return [usual !== true];
  if (type === 'enum')
    return Object.keys(values ?? {})
      .filter((key) => /^-?\w+$/.test(key) && key !== String(usual))
      .slice(-1);
  if (type !== 'int') return ['X-Test: 42'];
  const number = Number(usual ?? 0);
  return [
    range?.max !== undefined && number >= range.max ? range.min : Math.max(number, 0) + 1,
    range?.min ?? 1,
  ];
}

/** Names and numbers that differ from one phone to the next. */
function plain(text: string): string {
  return text
    .replace(/(branch|tag|icid-value|-tag)=[^;>\s]+/g, '$1=')
    .replace(/^(Call-ID|Session-ID): .*$/gm, '$1:')
    .replace(/^o=.*$/gm, 'o=')
    .replace(/:\d{5}\b|audio \d+ /g, '')
    .replace(/^a=(rtcp:|ssrc:|crypto:\d \S+ inline:).*$/gm, 'a=$1');
}

interface Change {
  name: string;
  value: string | number | boolean;
  scope: ParameterSpec['scope'];
}

/** What settings need beside them to make a difference. */
const WITH: ReadonlyArray<readonly [RegExp, Readonly<Record<string, string | number>>]> = [
  [/^keepoldcustomvalues/, { customsipheader: 'Supported: mine' }],
  [/^lineseparator/, { customsipheader: 'X-One: 1|X-Two: 2' }],
  [/^strictsrtp|^srtp_suite/, { mediaencryption: 2 }],
  [/^serverport|^serverip|^proxyport|^proxyip/, { enabledirectcalls: 0 }],
  [/^setserverfromtarget/, { enabledirectcalls: 2 }],
  [/^systembeeptype/, { beeptype: 3 }],
  [/^ims3gpp_minphonelen/, { ims3gpp_phonenum: 1 }],
];

function companions(name: string): Readonly<Record<string, string | number>> {
  return Object.assign({}, ...WITH.flatMap(([names, also]) => (names.test(name) ? [also] : [])));
}

async function nextCalls(set: Change, live: boolean): Promise<string> {
  const own = set.scope !== 'line' && !live ? { [set.name]: set.value } : {};
  const phone = await LivePhone.start({ ...companions(set.name), ...own });
  const dials = vi.spyOn(phone.engine, 'dial');
  const opens = vi.spyOn(phone.w.engine, 'openSession');
  const seen: unknown[] = [];
  const ends = async (): Promise<void> => {
    phone.api.API_Hangup(-2);
    for (const { request, tx } of phone.registrar.others) if (request.method === 'INVITE') tx.reply(486);
    await phone.run(200);
  };
  try {
    if (set.scope === 'line') phone.api.API_SetLineParameter(1, set.name, String(set.value));
    else if (live) phone.api.API_SetParameter(set.name, set.value);
    for (const target of ['0036301234567', 'bob']) {
      phone.api.API_Call(1, target);
      await phone.run(200);
      await ends();
    }
    const call = phone.bob.agent.invite(ME.uri, { from: phone.bob.uri });
    await phone.run(200);
    phone.api.API_Accept(-1);
    await phone.run(200);
    seen.push(call.state);
    seen.push([...phone.w.engine.open].map(({ config, muted }) => ({ config, muted })));
    const { policies, userAgent, mutes, conferences, audio } = phone.engine;
    seen.push(policies, userAgent?.policies, mutes.options, conferences.options, audio.tones.options);
    seen.push(dials.mock.calls, opens.mock.calls);
    const wire = phone.w.world.network.packets.filter(
      ({ from, text }) => from.host === HOST && SENT.test(text),
    );
    seen.push(wire.map(({ text, to }) => `${to.host} ${plain(text)}`));
    return shown(seen);
  } finally {
    await phone.end();
  }
}

/** As text, without what is of one phone only. */
function shown(seen: unknown): string {
  return JSON.stringify(seen, (key, value: unknown) => {
    if (['label', 'account', 'signal', 'callId'].includes(key)) return undefined;
    if (typeof value === 'string') return plain(value.replace(/.*switchhook-webphone-[^/]*/, ''));
    return value instanceof RegExp ? String(value) : value;
  });
}

const rows = PARAMETERS.filter(({ effect, status }) => effect === 'next call' && status === 'works');

/**
 * What these calls do not show: where a call is forwarded, refused, transferred or brought together; what is played,
 * recorded and streamed; who is dialled when nobody is named. It is read when that happens.
 */
const ELSEWHERE = [
  'aqtest',
  'callretryonreject',
  'callto',
  'conference_addalllines',
  'defpayload',
  'ims3gpp_minphonelen',
  'numrewriterulesadv',
  'peer',
  'proxyport',
  'sdearlymedia',
  'sendmedia_atype',
  'sendmedia_conf',
  'sendmedia_dir',
  'sendmedia_line',
  'sendmedia_marks',
  'sendmedia_mode',
  'sendmedia_mtype',
  'sendmedia_to_ip',
  'sendmediain_to',
  'sendmediaout_to',
  'singleaudiostream',
  'syncvoicerec',
  'systembeeptype',
  'transfertype',
  'uploadretry',
  'use_rport',
  'useaudiodevicerecord',
  'userrejectdisccode',
  'voicerecfilename',
  'voicerecfilenameprefix',
  'voicerecformat',
  'voicerecftp_addr',
  'voicerecording',
  'voicerecordingbuff',
  'voicerecsamplerate',
];

describe('settings that count with the next call', () => {
  it('are the same as if the phone had been started with them, and make a difference', async () => {
    const usual = new Map<string, Promise<string>>();
    const wrong: string[] = [];
    const unseen = rows.map(({ name }) => name as string);
    for (const spec of rows) {
      for (const value of otherValues(spec)) {
        const set = { name: spec.name, value, scope: spec.scope };
        const after = await nextCalls(set, true);
        if (after !== (await nextCalls(set, false))) wrong.push(`${spec.name}=${value}`);
        const key = JSON.stringify(companions(spec.name));
        if (!usual.has(key)) usual.set(key, nextCalls({ ...set, value: 'DEF' }, true));
        if (after !== (await usual.get(key)) && unseen.includes(spec.name))
          unseen.splice(unseen.indexOf(spec.name), 1);
      }
    }
    expect(wrong).toEqual([]);
    expect(unseen.sort()).toEqual(ELSEWHERE);
  }, 60_000);
});
