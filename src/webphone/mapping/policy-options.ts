/** The settings about what the phone does by itself as its policies. Pure. */
import type {
  AnsweringOptions,
  FilterOptions,
  LimitOptions,
  LineTriggers,
  NumberOptions,
  PolicyOptions,
  RedialOptions,
} from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { prefixRules, rewritingRules } from './number-rules.js';

const AUTOMATIC = ['never', 'match', 'caller', 'all'] as const;
const INCOMING = ['ring', 'ignore', 'reject'] as const;
const FILTER_MODES = ['presence', 'drop', 'reject', 'both'] as const;
const CALLS_FOR = ['anybody', 'us', 'contact', 'contact', 'contact'] as const;
const SAME_NUMBER = ['allow', 'recent', 'outgoing', 'any'] as const;
const AFTER_DROP = [
  'never',
  'mediaTimeoutWhenCaller',
  'mediaTimeout',
  'whenCaller',
  'whenCalled',
  'always',
] as const;
const ON_FAIL = ['never', 'never', 'unreachable', 'trouble'] as const;
const DIRECT = ['never', 'resolvable', 'always', 'always'] as const;
const MUSIC = ['never', 'localHold', 'remoteHold'] as const;

/** @param find where a file is that is named without its folder */
export function policyOptions(
  settings: SettingsReader,
  find: (file: string) => string = (file) => file,
): Required<PolicyOptions> {
  const music = settings.text('musiconholdfile');
  return {
    answering: answering(settings),
    bargeIn: { match: settings.text('bargeinheader') || undefined },
    filter: filter(settings),
    forwarding: {
      always: settings.text('callforwardalways') || undefined,
      transfer: settings.text('calltransferalways') || undefined,
      busy: settings.text('callforwardonbusy') || undefined,
      noAnswer: settings.text('callforwardonnoanswer') || undefined,
      noAnswerMs: settings.number('callforwardonnoanswertimeout') * 1000,
      status: settings.number('callforwardcode') === 301 ? 301 : 302,
    },
    limits: limits(settings),
    music: {
      when: playsMusic(settings) ? MUSIC[Math.max(0, settings.number('musiconhold'))] : 'never',
      file: music ? find(music) : undefined,
    },
    numbers: numbers(settings),
    otherLines: {
      hold: triggers(settings.number('autohold')),
      mute: triggers(settings.number('automute')),
    },
    redial: redial(settings),
  };
}

function answering(settings: SettingsReader): AnsweringOptions {
  const delay = settings.number('autoacceptdelay');
  return {
    automatic: settings.flag('autoaccept') ? 'all' : AUTOMATIC[settings.number('enableautoaccept')],
    match: settings.text('autoacceptheader') || undefined,
    delayMs: delay < 0 ? undefined : delay,
    defer: settings.number('deferincomingcall') === 1,
    incoming: INCOMING[settings.number('autoignore')],
    rejectWhenBusy: settings.flag('rejectonbusy'),
    rejectStatus: settings.number('disccode'),
    hideAutomatic: settings.number('hideautocall') === 1,
  };
}

function filter(settings: SettingsReader): FilterOptions {
  return {
    block: list(settings.text('blacklist')),
    allow: list(settings.text('whitelist')),
    mode: FILTER_MODES[settings.number('blockmode')],
    rejectStatus: settings.number('blockrejectcode'),
    callsFor: CALLS_FOR[settings.number('rejectcallto')],
    refuseUnknownSources: settings.number('rejectcallsfromunknown') === 1,
  };
}

function limits(settings: SettingsReader): LimitOptions {
  const most = settings.number('maxsimcalls');
  return {
    maxCalls: most < 0 ? undefined : most,
    // Automatic: a program that calls twice means it.
    sameNumber: SAME_NUMBER[Math.max(0, settings.number('disablesamecall'))],
    needsRegistration: settings.flag('mustconnect'),
  };
}

function numbers(settings: SettingsReader): NumberOptions {
  const normalise = settings.number('normalizenumber');
  return {
    techPrefix: settings.text('techprefix'),
    normalise: normalise === -1 ? 'auto' : normalise === 1,
    prefixRules: prefixRules(settings.text('numrewriterules')),
    rules: rewritingRules(settings.text('numrewriterulesadv')),
    directCalls: DIRECT[settings.number('enabledirectcalls')],
    directRoute: settings.number('setserverfromtarget') === 2 ? 'target' : 'server',
  };
}

function redial(settings: SettingsReader): RedialOptions {
  return {
    onFail: settings.given('allowrecall')
      ? ON_FAIL[settings.number('allowrecall')]
      : settings.number('redialonfail') === 1
        ? 'trouble'
        : 'never',
    afterDrop: AFTER_DROP[settings.number('autoredial')],
    otherCodecs: settings.flag('codecretry'),
    plain: settings.number('callretryonreject') !== 0,
  };
}

/** When a call starts or another line is chosen: 4 is the latter, 5 and 6 are both. */
function triggers(value: number): LineTriggers {
  return {
    incoming: value === 1 || value === 3 || value === 6,
    outgoing: value === 2 || value === 3 || value === 5 || value === 6,
    select: value >= 4,
  };
}

/** It needs a hold that lets the peer listen. */
function playsMusic(settings: SettingsReader): boolean {
  return [-1, 2].includes(settings.number('holdtype'));
}

export function list(text: string): string[] {
  return text
    .split(/[,;\r\n]+/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
