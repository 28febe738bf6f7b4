/** The settings about calls as options of one that is made, and of all. Pure. */
import type { CallOptions } from '../../phone/index.js';
import type {
  CallPolicies,
  CustomHeaderMode,
  HeaderLines,
  HoldMute,
  HoldOptions,
  LiveHoldOptions,
} from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { dialString } from './dial-string.js';
import { imsOptions } from './ims-options.js';
import { mediaOptions } from './media-options.js';
import { ringSeconds, speechSeconds } from './network-options.js';
import { dtmfOptions, earlyMediaOptions, transferPolicies } from './transfer-policies.js';

const OFFERS = [undefined, undefined, undefined, 'none', 'zero-address', 'no-media'] as const;
const HOLD_DIRECTIONS: Readonly<Record<number, HoldOptions['direction']>> = {
  '-2': 'none',
  '-1': 'sendonly',
  0: 'sendrecv',
  2: 'sendonly',
  3: 'recvonly',
  4: 'inactive',
};
/** 4 is what `defmute` says. */
const HOLD_MUTES: Readonly<Record<number, HoldMute>> = {
  '-2': 'none',
  0: 'both',
  1: 'receive',
  2: 'send',
  3: 'both',
  5: 'direction',
};
const UNHOLD = ['never', 'offer', 'always'] as const;
const HEADER_MODES: Readonly<Record<number, CustomHeaderMode>> = {
  '-1': 'overwrite',
  0: 'keep',
  1: 'duplicate',
};
/** By `discmode`. */
const DISCONNECTIONS: ReadonlyArray<CallPolicies['disconnection']> = [
  undefined,
  'quick',
  'rfc',
  'bye-early',
  'twice',
];
/** Ourselves, in the identity headers. */
const OWN = '-';

/** For one call, of a line. */
export function callOptions(settings: SettingsReader): CallOptions {
  return {
    displayName: settings.text('displayname') || undefined,
    media: mediaOptions(settings, 'outgoing'),
    policies: callPolicies(settings),
    form: (target) => dialString(target, settings),
    offer: OFFERS[settings.number('enable_3pcc')],
    redirects: settings.number('allowcallredirect') === 0 ? 0 : undefined,
    ringTimeout: ringSeconds(settings),
    redial: { otherCodecs: settings.flag('codecretry') },
  };
}

/** For all calls; a line may differ. */
export function callPolicies(settings: SettingsReader): CallPolicies {
  const sessionId = settings.number('sendsessionid');
  return {
    identity: {
      preferred: identity(settings.text('p_preferred_identity')),
      asserted: identity(settings.text('p_asserted_identity')),
      remotePartyId: identity(settings.text('remote_party_id')),
      privacy: settings.text('privacy') || undefined,
    },
    uui: userToUser(settings.text('sip_uui')),
    sessionId: {
      mode: sessionId === 0 ? 'off' : sessionId === 1 || settings.given('sessionid') ? 'on' : 'answer',
      local: settings.text('sessionid') || undefined,
    },
    callHeaders: headerLines(settings.text('customsipheader'), settings.text('lineseparator')),
    sdpLines: {
      session: lines(settings.text('customsdpfield'), settings.text('lineseparator')),
      media: lines(settings.text('customsdpmediafield'), settings.text('lineseparator')),
    },
    telephone: imsOptions(settings).numbers === 'tel' ? 'number' : 'user',
    hold: holdOptions(settings),
    limits: { speech: speechSeconds(settings) },
    maxUdpBytes: settings.number('maxsipmessagesize') || undefined,
    maxResends: resends(settings),
    disconnection: DISCONNECTIONS[settings.number('discmode')],
    diversions: settings.number('diversion') === 1,
    dtmf: dtmfOptions(settings),
    earlyMedia: earlyMediaOptions(settings),
    earlyAck: settings.number('sendearlyack') === 1,
    requestWay: requestWay(settings),
    thirdParties: settings.number('enable_3pcc') === 0 ? 'refuse' : 'accept',
    ...transferPolicies(settings),
  };
}

/** How often what gets no answer is sent again; undefined: nobody has said. */
export function resends(settings: SettingsReader): number | undefined {
  return settings.given('maxmsgresend') ? settings.number('maxmsgresend') : undefined;
}

function requestWay(settings: SettingsReader): CallPolicies['requestWay'] {
  const contact = settings.number('favorizecontactaddr');
  if (contact === 4) return 'contact';
  return contact < 2 || settings.flag('invrecoroute') ? 'source' : 'rfc';
}

export function holdOptions(settings: SettingsReader): HoldOptions {
  const mute = settings.number('muteonhold');
  return {
    direction: HOLD_DIRECTIONS[settings.number('holdtype')],
    exact: settings.number('holdexplicit') === 1,
    mute: HOLD_MUTES[mute === 4 ? settings.number('defmute') : mute] ?? 'both',
  };
}

/** What of that calls are told while they go on. */
export function liveHoldOptions(settings: SettingsReader): LiveHoldOptions {
  return { hold: holdOptions(settings), unhold: UNHOLD[settings.number('acceptholdchange')] };
}

export function customHeaderMode(settings: SettingsReader): CustomHeaderMode {
  return HEADER_MODES[settings.number('keepoldcustomvalues')];
}

function identity(text: string): string | true | undefined {
  return text === OWN ? true : text || undefined;
}

/** `*0:` in front is for the peer, `*1:` for the target of a transfer, `*2:` or nothing for both. */
function userToUser(text: string): CallPolicies['uui'] {
  if (!text) return undefined;
  const [, to, value] = /^(?:\*([012]):)?(.*)$/s.exec(text) ?? [];
  return value ? { value, to: to === '0' ? 'peer' : to === '1' ? 'target' : 'both' } : undefined;
}

/** `X-One: 1;X-Two: 2`, in lines or with semicolons between; what is in a value stays there. */
export function headerLines(text: string, separator: string): HeaderLines {
  const headers: Record<string, string[]> = {};
  const pattern = /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*)$/s;
  let current: string[] | undefined;
  for (const line of pieces(text, separator)) {
    const match = pattern.exec(line);
    // A piece that is no header is the rest of a value with a semicolon in it.
    if (match) {
      current = headers[match[1]] ?? [];
      headers[match[1]] = current;
      current.push(match[2].trim());
    } else if (current && line.trim()) current[current.length - 1] += `;${line.trim()}`;
  }
  return headers;
}

function lines(text: string, separator: string): string[] {
  return pieces(text, separator)
    .map((line) => line.trim())
    .filter((line) => /^[a-z]=/.test(line));
}

function pieces(text: string, separator: string): string[] {
  if (separator) return text.split(separator);
  const broken = /\r\n|\n|\\r\\n/;
  return broken.test(text) ? text.split(broken) : text.split(';');
}
