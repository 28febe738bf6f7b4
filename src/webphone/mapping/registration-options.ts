/** The settings about registering as options of an account. Pure. */
import type { RegistrationOptions } from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';

const GRANTED_BY = ['none', 'contact', 'header'] as const;
/** `sendregexpire` from -1 on. */
const ASKED_IN = ['header', 'nowhere', 'header', 'contact', 'header', 'both'] as const;
/** `applysrvdomain` from -1 on. */
const DOMAINS = ['auto', 'given', 'bare', 'target'] as const;
/** `use_rport`. */
const SEEN_ADDRESS = [undefined, 'stable', 'private', 'any'] as const;
const OUTBOUND = ['never', 'always'] as const;
const KEEP_ALIVES = ['none', 'space', 'notify', 'crlf', 'crlfcrlf'] as const;
/** `fastexit` that takes its time, so many times the usual. */
const CAREFUL = 0;
const CAREFUL_FACTOR = 4;
/** How long a server that was heard of may be silent, by `reconnectonnokeepalive`. */
const PATIENCE_MS = [0, 22_000, 8000] as const;

/** What counts at once is asked for every time. */
export function registrationOptions(settings: SettingsReader): RegistrationOptions {
  const backup = settings.text('backupserver');
  return {
    refreshSeconds: settings.number('actualregisterexpires_val') || undefined,
    refreshDivisor: settings.number('actualregisterexpires_div') || undefined,
    grantedBy: GRANTED_BY[settings.number('acceptsrvexpire')],
    askedIn: ASKED_IN[settings.number('sendregexpire') + 1],
    event: settings.flag('sendregistrationevent') ? 'registration' : undefined,
    domain: DOMAINS[settings.number('applysrvdomain') + 1],
    get unregister() {
      return settings.flag('needunregister') && settings.number('fastexit') !== 2;
    },
    unregisterAll: settings.number('unregall') === 1,
    get unregisterWaitMs() {
      const patience = settings.number('fastexit') === CAREFUL ? CAREFUL_FACTOR : 1;
      return patience * settings.number('waitforunregister');
    },
    unregisterFirst: settings.number('unregonstart') === 1,
    unbind: settings.number('unbindbeforeregister') !== 0,
    get contact() {
      return contactOf(settings);
    },
    get seenAddress() {
      return SEEN_ADDRESS[settings.number('use_rport')] ?? 'stable';
    },
    outbound: OUTBOUND[settings.number('setinstanceid')] ?? 'auto',
    // The usual one fits itself to the transport.
    keepAliveKind: settings.given('keepalivetype')
      ? KEEP_ALIVES[settings.number('keepalivetype')]
      : undefined,
    keepAliveAnswerMs: PATIENCE_MS[settings.number('reconnectonnokeepalive')],
    backup: backup ? { server: backup, domain: settings.text('backupserverdomain') || undefined } : undefined,
    probeFirst: settings.flag('autotransportdetect'),
    otherTransports: settings.flag('canstransportswitch'),
  };
}

/** Which of our addresses others are told: what rport says counts unless `use_rport` is against it. */
function contactOf(settings: SettingsReader): RegistrationOptions['contact'] {
  const rport = settings.number('use_rport');
  if (rport === 0 || rport === 9) return 'local';
  const failback = settings.number('contactaddressfailback');
  return failback === 0 ? 'local' : failback === 1 ? 'onFailure' : 'public';
}
