/**
 * The settings about certificates and timers, with those about sockets and servers of the files beside it, as options
 * of the phone. Reads certificate files, nothing else.
 */
import { readFileSync } from 'node:fs';
import type { PhoneOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { locateOptions } from './locate-options.js';
import { listenOptions, socketOptions } from './socket-options.js';

/** `timer`, `timer2` and `timer3` are in tenths. */
const TENTHS = 10;
/** By `tlspolicy`; all others check the certificate and the name in it. */
const VERIFY: Readonly<Record<number, false | 'warn'>> = { 1: false, 2: 'warn' };
/** By `tlsversion`: that one and no other. */
const TLS_VERSIONS: Readonly<Record<string, 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>> = {
  TLSv1: 'TLSv1',
  'TLSv1.0': 'TLSv1',
  'TLSv1.1': 'TLSv1.1',
  'TLSv1.2': 'TLSv1.2',
  'TLSv1.3': 'TLSv1.3',
};
const T1_MS = 500;
const T2_MS = 4000;
const T4_MS = 5000;
const D_MS = 32_000;

export function networkOptions(
  settings: SettingsReader,
): Pick<
  PhoneOptions,
  | 'listen'
  | 'locate'
  | 'sockets'
  | 'tls'
  | 'sipTimers'
  | 'ringTimeout'
  | 'reliableProvisionals'
  | 'userAgent'
  | 'acknowledgesChallenges'
  | 'tryingFrom'
> {
  return {
    listen: listenOptions(settings),
    locate: () => locateOptions(settings),
    sockets: socketOptions(settings),
    tls: tlsOptions(settings),
    sipTimers: timers(settings),
    ringTimeout: ringSeconds(settings),
    reliableProvisionals: reliableProvisionals(settings),
    userAgent: settings.text('useragent') || undefined,
    acknowledgesChallenges: settings.number('ackforauthrequest') !== 0,
    tryingFrom:
      settings.number('sendearlytrying') === 0 ? undefined : settings.number('sendearlytrying_treshold'),
  };
}

export function reliableProvisionals(settings: SettingsReader): PhoneOptions['reliableProvisionals'] {
  return settings.flag('prack') ? 'supported' : 'off';
}

/** How long a conversation may last, in seconds; 0 = for ever. */
export function speechSeconds(settings: SettingsReader): number {
  return (settings.number('calltimeout') * settings.number('timer2')) / TENTHS / 1000;
}

/** How long a call may ring, in seconds; 0 for ever. */
export function ringSeconds(settings: SettingsReader): number {
  return (settings.number('ringtimeout') * settings.number('timer2')) / TENTHS / 1000;
}

function tlsOptions(settings: SettingsReader): PhoneOptions['tls'] {
  const version = TLS_VERSIONS[settings.text('tlsversion')];
  const path = settings.text('tlsclientcertfile');
  const passphrase = settings.text('tlsclientcertpass') || undefined;
  return {
    verify: VERIFY[settings.number('tlspolicy')] ?? true,
    minVersion: version,
    maxVersion: version,
    ...(path && { ...certificate(path, settings.text('tlsclientcerttype')), passphrase }),
  };
}

/** PEM has certificate and key in one file; PKCS#12 is taken as it is. What is neither is told when it is read. */
function certificate(path: string, type: string): NonNullable<PhoneOptions['tls']> {
  const bytes = readFileSync(path);
  if (type === 'pkcs12' || !bytes.includes('-----BEGIN')) return { pfx: bytes };
  const pem = bytes.toString('utf8');
  return { cert: pem, key: pem };
}

function timers(settings: SettingsReader): PhoneOptions['sipTimers'] {
  const scale = settings.number('timer') / TENTHS;
  const repeats = settings.number('timer3') / TENTHS;
  if (scale === 1 && repeats === 1) return undefined;
  return { t1: T1_MS * scale * repeats, t2: T2_MS * scale * repeats, t4: T4_MS * scale, d: D_MS * scale };
}
