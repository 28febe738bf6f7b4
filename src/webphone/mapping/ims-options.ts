/** The settings of IMS networks: the switch for all of them, and each by itself. Pure. */
import type { SettingsReader } from '../settings/settings.js';

/** The home domains of IMS networks (3GPP TS 23.003 §13.2). */
const IMS_DOMAIN = /\.3gppnetwork\.org(:\d+)?$/i;
const OFF = 0;
const FULL = 2;

export interface ImsOptions {
  /** Telephone numbers: as they are, with user=phone, or as tel URI. */
  numbers: 'plain' | 'phone' | 'tel';
  /** Log in with user@domain. */
  privateIdentity: boolean;
}

/** What is automatic follows the switch; what is set counts unless the switch is off. */
export function imsOptions(settings: SettingsReader): ImsOptions {
  const wanted = settings.number('ims3gpp');
  const level = wanted < 0 ? Number(IMS_DOMAIN.test(settings.text('serveraddress'))) : wanted;
  if (wanted === OFF) return { numbers: 'plain', privateIdentity: false };
  const numbers = settings.number('ims3gpp_phonenum');
  const identity = settings.number('ims3gpp_authuname');
  return {
    numbers: (['plain', 'phone', 'tel'] as const)[numbers < 0 ? Math.min(level, FULL) : numbers],
    privateIdentity: identity < 0 ? level > OFF : identity === 1,
  };
}
