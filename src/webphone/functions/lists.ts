/** Who may reach us: the black and the white list, which are settings. */
import type { ParameterName } from '../parameters/parameters.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const LIST = {
  name: 'str',
  type: 'string',
  doc: 'users, numbers and addresses, separated by commas',
} as const;

const get = (list: ParameterName, what: string) =>
  ({
    group: 'lists',
    overloads: [[]],
    returns: 'string',
    doc: `The ${what} list, separated by commas.`,
    run: ({ settings }: WebphoneContext) => settings.text(list),
  }) as const;

const set = (list: ParameterName, what: string) =>
  ({
    group: 'lists',
    overloads: [[LIST]],
    returns: 'boolean',
    doc: `Replaces the ${what} list.`,
    run: ({ settings }: WebphoneContext, { str }: { str: string }) =>
      settings.set(list, entries(str).join(',')).ok,
  }) as const;

const add = (list: ParameterName, what: string) =>
  ({
    group: 'lists',
    overloads: [[LIST]],
    returns: 'boolean',
    doc: `Adds to the ${what} list.`,
    run: ({ settings }: WebphoneContext, { str }: { str: string }) => {
      const added = entries(str);
      if (added.length === 0) return false;
      return settings.set(list, [...new Set([...entries(settings.text(list)), ...added])].join(',')).ok;
    },
  }) as const;

function entries(text: string): string[] {
  return text
    .split(/[,;\r\n]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

export const lists = [
  define('API_GetBlacklist', get('blacklist', 'black')),
  define('API_SetBlacklist', set('blacklist', 'black')),
  define('API_AddToBlacklist', add('blacklist', 'black')),
  define('API_GetWhitelist', get('whitelist', 'white')),
  define('API_SetWhitelist', set('whitelist', 'white')),
  define('API_AddToWhitelist', add('whitelist', 'white')),
];
