/** Settings about transfers, digits, messages, presence, voice mail and muting: what the phone is made with. */
import { describe, expect, it } from 'vitest';
import type { PhoneOptions } from '../../../../src/phone/index.js';
import { callOptions } from '../../../../src/webphone/mapping/call-options.js';
import { phoneOptions } from '../../../../src/webphone/mapping/phone-options.js';
import { Settings } from '../../../../src/webphone/settings/settings.js';
import { type Given, inWorld } from '../../../support/settings-world.js';

function of(given: Given): Settings {
  const settings = new Settings();
  for (const [name, value] of Object.entries(given)) {
    const result = settings.set(name, value);
    if (!result.ok) throw new Error(result.error);
  }
  return settings;
}

const CALLS: ReadonlyArray<readonly [string, Given, PhoneOptions['calls']]> = [
  ['holdontransfer', { holdontransfer: 2 }, { transfer: { hold: 'before-and-back' } }],
  ['unholdontransfer', { unholdontransfer: 2 }, { transfer: { unhold: 'always' } }],
  ['transfwithreplace', { transfwithreplace: 2 }, { transfer: { replaces: 'force' } }],
  ['discontransfer', { discontransfer: 4 }, { transfer: { disconnect: 'accepted' } }],
  ['checksubscriptionstate', { checksubscriptionstate: 1 }, { transfer: { onFailure: 'hangup' } }],
  ['inversetransfer', { inversetransfer: 1 }, { transfer: { inverse: true } }],
  ['transferdelay', { transferdelay: 900 }, { transfer: { delayMs: 900 } }],
  ['newdialogforrefer', { newdialogforrefer: 1 }, { transfer: { newDialog: true } }],
  ['useserverdomainforrefer', { useserverdomainforrefer: 2 }, { transfer: { serverDomain: 'referred-by' } }],
  ['subscribefortransfer', { subscribefortransfer: 2 }, { transfer: { subscribe: 'always' } }],
  ['disabletransferrequests', { disabletransferrequests: 0 }, { transferRequests: 'auto' }],
  ['disabletransferrequests', { disabletransferrequests: 1 }, { transferRequests: 'ignore' }],
  ['disabletransferrequests', { disabletransferrequests: 2 }, { transferRequests: { refuse: 497 } }],
  ['disabletransferrequests', { disabletransferrequests: 603 }, { transferRequests: { refuse: 603 } }],
  ['disabletransferrequests', { disabletransferrequests: 100 }, { transferRequests: { refuse: 497 } }],
  ['allowreplace', { allowreplace: 0 }, { replaces: 'refuse' }],
  ['replacetype', { replacetype: 2 }, { referReplaces: 'in-place' }],
  ['disconincomingrefer', { disconincomingrefer: 1 }, { endReferred: true }],
  ['sendearlydtmf', { sendearlydtmf: 2 }, { dtmf: { early: 'always' } }],
  ['dtmfmode', { dtmfmode: 3 }, { dtmf: { method: 'info+rfc4733' } }],
  ['earlymedia', { earlymedia: 0 }, { earlyMedia: { send: 'never' } }],
  ['changesptoring', { changesptoring: 1 }, { earlyMedia: { progress: 'ringing' } }],
];

const SERVICES: ReadonlyArray<readonly [string, Given, PhoneOptions]> = [
  ['enablepresence', { enablepresence: 0 }, { presence: { enabled: false } }],
  ['presenceexpire', { presenceexpire: 700 }, { presence: { expires: 700 } }],
  ['autoacceptpresencerequests', { autoacceptpresencerequests: 2 }, { presence: { strangers: 'accept' } }],
  ['email', { email: 'a@b.example' }, { presence: { email: 'a@b.example' } }],
  ['enableblf', { enableblf: 3 }, { blf: { mode: 'always' } }],
  ['blfuserlist', { blfuserlist: '12, 13' }, { blf: { watch: ['12', '13'] } }],
  ['notifyexpiresec', { notifyexpiresec: 900 }, { blf: { expires: 900 }, voicemail: { expires: 900 } }],
  ['voicemail', { voicemail: 3 }, { voicemail: { mode: 'registered' } }],
  ['voicemailnum', { voicemailnum: '*97' }, { voicemail: { number: '*97' } }],
  ['textmessaging', { textmessaging: 2 }, { messages: { direction: 'in' } }],
  ['offlinechat', { offlinechat: 0 }, { messages: { offline: 'fail' } }],
  ['chatacceptasok', { chatacceptasok: 1 }, { messages: { acceptedIsDelivered: true } }],
  ['defsetmuted', { defsetmuted: 2 }, { mute: { atStart: 'microphone' } }],
  ['muted', { muted: 1 }, { mute: { atStart: 'speaker' } }],
  ['muted', { muted: 0, defsetmuted: 2 }, { mute: { atStart: undefined } }],
  ['sendrtponmuted', { sendrtponmuted: true }, { mute: { keepSending: true } }],
  ['conference_tracklines', { conference_tracklines: 1 }, { conferences: { several: true } }],
];

describe('a call', () => {
  it.each(CALLS)(
    '[param:%s] %o is how the phone makes all calls, and a line its own',
    (_name, given, wanted) => {
      expect(phoneOptions(of(given)).calls).toMatchObject(wanted ?? {});
      expect(callOptions(of(given).forLine(1)).policies).toMatchObject(wanted ?? {});
    },
  );
});

describe('a service', () => {
  it.each(SERVICES)('[param:%s] %o is what the phone is made with', (_name, given, wanted) => {
    expect(phoneOptions(of(given))).toMatchObject(wanted);
  });

  it('[param:capabilityrequest] asks the server for its abilities at the start', async () => {
    const asked = (given: Given): Promise<number> =>
      inWorld(given, async (world) => {
        await world.phone().start();
        await world.world.run(1000);
        return world.registrar.others.filter(({ request }) => request.method === 'OPTIONS').length;
      });
    expect(await asked({ capabilityrequest: true })).toBe(1);
    expect(await asked({})).toBe(0);
  });
});
