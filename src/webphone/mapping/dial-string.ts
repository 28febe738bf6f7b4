/** What is dialled, in the kind of address the settings ask for: `sipproto`, and telephone numbers in an IMS network. */
import type { SettingsReader } from '../settings/settings.js';
import { imsOptions } from './ims-options.js';

const NUMBER = /^\+?[\d*#().\- ]+$/;

/** @param peer as the user gave it */
export function dialString(peer: string, settings: SettingsReader): string {
  const text = peer.trim();
  if (text === '' || /^(sips?|tel):/i.test(text)) return text;
  const scheme = settings.text('sipproto').toLowerCase();
  const digits = text.replace(/\D/g, '').length;
  const { numbers } = imsOptions(settings);
  const isNumber = NUMBER.test(text);
  const wantsTel = scheme === 'tel' || (numbers === 'tel' && digits > settings.number('ims3gpp_minphonelen'));
  if (isNumber && wantsTel) return `tel:${text.replace(/[().\- ]/g, '')}`;
  const domain = settings.text('serveraddress');
  if (scheme === 'sips' && (text.includes('@') || domain)) return `sips:${withDomain(text, domain)}`;
  if (isNumber && numbers === 'phone' && domain) return `sip:${withDomain(text, domain)};user=phone`;
  return text;
}

function withDomain(text: string, domain: string): string {
  return text.includes('@') ? text : `${text}@${domain}`;
}
