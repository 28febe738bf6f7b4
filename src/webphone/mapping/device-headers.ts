/** What is told of this machine in headers, when it is asked for: its hardware address and its country. */
import { interfaceAddresses } from '../../base/interfaces.js';
import type { DeviceHeaders } from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';

export function deviceHeaders(settings: SettingsReader): DeviceHeaders {
  return {
    mac: settings.flag('sendmac') ? hardwareAddress() : undefined,
    // Nobody is asked where we are: the locale tells.
    country: settings.number('geolocation') > 0 ? countryOf(settings.text('locale')) : undefined,
  };
}

/** Of the first network there is. */
function hardwareAddress(): string | undefined {
  return interfaceAddresses().find(({ internal, mac }) => !internal && mac !== '00:00:00:00:00:00')?.mac;
}

function countryOf(locale: string): string | undefined {
  const tag = locale || Intl.DateTimeFormat().resolvedOptions().locale;
  return /[-_]([A-Za-z]{2})(?:[-_.]|$)/.exec(tag)?.[1].toUpperCase();
}
