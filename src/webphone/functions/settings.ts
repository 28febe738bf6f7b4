/** Settings: global, per line, and the credentials. */

import { resolveName } from '../parameters/names.js';
import type { SettingValue } from '../parameters/spec.js';
import { NEXT_LINE } from '../settings/settings.js';
import { isOfOneCall, liveParameter, setLiveParameter } from '../status/line-parameters.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const LINE = {
  name: 'line',
  type: 'int',
  doc: 'a line number; 0 the next call, -1 the active line, -2 all',
} as const;

export const settings = [
  define('API_SetParameter', {
    group: 'settings',
    overloads: [
      [
        { name: 'param', type: 'string', doc: 'name of the setting' },
        { name: 'value', type: 'string', doc: 'its value; DEF restores the default, NULL empties it' },
      ],
      [LINE, { name: 'param', type: 'string' }, { name: 'value', type: 'string' }],
    ],
    returns: 'boolean',
    doc: 'Changes a setting. Some take effect with the next start only.',
    run: (context, { line, param, value }) =>
      line !== undefined && line > 0
        ? setForLine(context, line, param, value, false)
        : setGlobal(context, param, value),
  }),
  define('API_GetParameter', {
    group: 'settings',
    overloads: [[{ name: 'param', type: 'string', doc: 'name of the setting' }]],
    returns: 'string',
    doc: 'The value of a setting; empty for one that is not set and has no default, or does not exist.',
    run: ({ settings }, { param }) => asText(settings.get(param)),
  }),
  define('API_SetParameters', {
    group: 'settings',
    overloads: [[{ name: 'parameters', type: 'string', doc: 'lines of key=value' }]],
    returns: 'boolean',
    doc: 'Changes several settings. False when one of them could not be set; the others are.',
    run: (context, { parameters }) => {
      // Who writes a request on one line writes the line break in letters.
      const lines = parameters.split(/\r\n|\r|\n|\\r\\n/).filter((line) => line.trim() !== '');
      // How the password is encoded is to be known before it comes.
      const isMethod = (line: string): number => Number(/^\s*pwdencrypted\s*=/i.test(line));
      const done = lines
        .sort((a, b) => isMethod(b) - isMethod(a))
        .map((line) => {
          const at = line.indexOf('=');
          return at > 0 && setGlobal(context, line.slice(0, at), line.slice(at + 1));
        });
      return done.every(Boolean);
    },
  }),
  define('API_SetLineParameter', {
    group: 'settings',
    overloads: [
      [
        LINE,
        { name: 'param', type: 'string', doc: 'name of the setting' },
        { name: 'value', type: 'string', doc: 'its value; NULL takes it back' },
        {
          name: 'permanent',
          type: 'int',
          default: 0,
          doc: '1: for all calls of the line, not for the next one only',
        },
      ],
    ],
    returns: 'boolean',
    doc: 'Sets something for the calls of one line. Line 0 without name and value takes everything of this kind back.',
    run: (context, { line, param, value, permanent }) =>
      line === -2
        ? setForAll(context, param, value)
        : setForLine(context, line, param, value, permanent === 1),
  }),
  define('API_GetLineParameter', {
    group: 'settings',
    overloads: [[LINE, { name: 'param', type: 'string', doc: 'name of the setting' }]],
    returns: 'string',
    doc: 'What a setting is for a line.',
    run: (context, { line, param }) => {
      const number = line === -2 && isOfLines(param) ? NEXT_LINE : lineNumber(context, line);
      return liveParameter(context, param, number) ?? asText(context.settings.get(param, number));
    },
  }),
  define('API_SetCredentials', {
    group: 'settings',
    overloads: [
      [
        { name: 'server', type: 'string', doc: 'domain or address, with a port if need be' },
        { name: 'username', type: 'string' },
        { name: 'password', type: 'string' },
        {
          name: 'authname',
          type: 'string',
          default: '',
          doc: 'user name for authentication when it differs',
        },
        { name: 'displayname', type: 'string', default: '' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sets the account; what is empty stays as it is.',
    run: (context, { server, username, password, authname, displayname }) =>
      setAll(context, {
        serveraddress: server,
        username,
        password,
        sipusername: authname,
        displayname,
      }),
  }),
  define('API_SetCredentialsMD5', {
    group: 'settings',
    overloads: [
      [
        { name: 'server', type: 'string' },
        { name: 'username', type: 'string' },
        { name: 'md5', type: 'string', doc: 'MD5 of username:realm:password, in hexadecimal digits' },
        { name: 'realm', type: 'string', default: '' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sets the account with a digest in place of the password.',
    run: (context, { server, username, md5, realm }) =>
      /^[0-9a-f]{32}$/i.test(md5) &&
      setAll(context, { serveraddress: server, username, password: 'NULL', md5, realm }),
  }),
  define('API_ClearCredentials', {
    group: 'settings',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Forgets the account.',
    run: (context) => {
      for (const name of CREDENTIALS) context.settings.set(name, 'NULL');
      context.accounts.refresh();
      return true;
    },
  }),
  define('API_DelSettings', {
    aliases: ['API_DeSettings'],
    group: 'settings',
    overloads: [
      [
        {
          name: 'level',
          type: 'int',
          doc: '0 the settings, once; 1 the settings; 2 contacts, lists and accounts as well; 3 caches as well',
        },
      ],
    ],
    returns: 'boolean',
    doc: 'Deletes what is stored.',
    run: (context, { level }) => context.lifecycle.deleteSettings(level),
  }),
];

const CREDENTIALS = ['serveraddress', 'username', 'password', 'sipusername', 'displayname', 'md5', 'realm'];

function setGlobal({ settings }: WebphoneContext, name: string, value: string): boolean {
  return settings.set(name, value).ok;
}

/** What only lines have becomes a preset of every call, whatever its line. */
function setForAll(context: WebphoneContext, name: string, value: string): boolean {
  return isOfLines(name)
    ? context.settings.set(name, value, { line: NEXT_LINE, permanent: true }).ok
    : setGlobal(context, name, value);
}

/** Set for lines and not for the phone, and no part of the one call there is. */
function isOfLines(name: string): boolean {
  const spec = resolveName(name)?.spec;
  return spec?.scope === 'line' && !isOfOneCall(name);
}

function setForLine(
  context: WebphoneContext,
  line: number,
  param: string,
  value: string,
  permanent: boolean,
): boolean {
  const empty = (text: string): boolean => /^(null)?$/i.test(text.trim());
  if (line === 0 && empty(param) && empty(value)) {
    context.settings.clearLines();
    return true;
  }
  const number = lineNumber(context, line);
  return (
    setLiveParameter(context, param, value, number) ??
    context.settings.set(param, value, { line: number, permanent }).ok
  );
}

/** -1 is the active line. */
function lineNumber({ desk }: WebphoneContext, line: number): number {
  return line === -1 ? desk.active : line;
}

function asText(value: SettingValue | undefined): string {
  return value === undefined ? '' : String(value);
}

/** What is empty stays as it is. */
function setAll(context: WebphoneContext, values: Readonly<Record<string, string>>): boolean {
  return Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => setGlobal(context, name, value))
    .every(Boolean);
}
