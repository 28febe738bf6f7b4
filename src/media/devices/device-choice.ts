/**
 * Which device is meant: by its name exactly as listed, by its id, by its number in the list of its kind (1 to 9, 0 for
 * the system's default), 'default', 'none', a file (`file:talk.wav`), or, for the ringer, 'all'. Pure.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { AudioDevice, AudioDeviceKind } from './audio-backend.js';

/** What a device is used for. */
export type DeviceRole = 'microphone' | 'speaker' | 'ringer';

/** A name, an id, a number from 1 on, 0 or 'default', 'none', `file:PATH`; 'all' for the ringer. */
export type DeviceChoice = string | number;

export const FILE_PREFIX = 'file:';

/** A choice, understood. */
export type ParsedChoice =
  | { readonly kind: 'default' | 'none' | 'all' }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'name'; readonly name: string };

export function kindOf(role: DeviceRole): AudioDeviceKind {
  return role === 'microphone' ? 'input' : 'output';
}

/** @throws ERR_INVALID_ARGUMENT */
export function parseChoice(role: DeviceRole, choice: DeviceChoice): ParsedChoice {
  const text = String(choice).trim();
  const word = text.toLowerCase();
  if (text === '' || word === 'default' || text === '0') return { kind: 'default' };
  if (word === 'none') return { kind: 'none' };
  if (word === 'all') {
    if (role === 'ringer') return { kind: 'all' };
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `the ${role} cannot be all devices at once` });
  }
  if (text.startsWith(FILE_PREFIX) && text.length > FILE_PREFIX.length) {
    return { kind: 'file', path: text.slice(FILE_PREFIX.length) };
  }
  if (/^[1-9]$/.test(text)) return { kind: 'number', number: Number(text) };
  return { kind: 'name', name: text };
}

/** The devices a choice stands for among those there are; none when it is not there. */
export function devicesFor(
  role: DeviceRole,
  choice: ParsedChoice,
  devices: readonly AudioDevice[],
): readonly AudioDevice[] {
  const kind = kindOf(role);
  const own = devices.filter((device) => device.kind === kind);
  switch (choice.kind) {
    case 'none':
      return [];
    case 'all':
      return own;
    case 'default': {
      const best = own.find(({ isDefault }) => isDefault) ?? own[0];
      return best ? [best] : [];
    }
    case 'number':
      return own.slice(choice.number - 1, choice.number);
    case 'file': {
      const id = `${FILE_PREFIX}${choice.path}`;
      return [{ id, name: id, kind, isDefault: false }];
    }
    case 'name': {
      const { name } = choice;
      const lower = name.toLowerCase();
      const found =
        own.find((device) => device.name === name) ??
        own.find((device) => device.id === name) ??
        own.find((device) => device.name.toLowerCase() === lower);
      return found ? [found] : [];
    }
  }
}

const HEADSET = /head-?set|head-?phone|ear-?(phone|bud|piece|pod)|airpods|handset/i;

/** A device at the ear: what it plays does not get into a microphone. */
export function looksLikeHeadset(device: AudioDevice): boolean {
  return HEADSET.test(device.name) || HEADSET.test(device.id);
}
