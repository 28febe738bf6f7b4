/**
 * The options of the command line: one table from which parsing, help and the checks of all commands come. Values are
 * checked here; a wrong one ends in one sentence that names it.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SwitchhookError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';

interface OptionSpec {
  type: 'string' | 'boolean' | 'number';
  help: string;
  /** How the value is named in the help. */
  value?: string;
  short?: string;
}

export const OPTIONS = {
  server: { type: 'string', value: 'host[:port]', help: 'SIP server to register at and to call through' },
  user: { type: 'string', value: 'name', short: 'u', help: 'user name (extension)' },
  password: {
    type: 'string',
    value: 'text',
    short: 'p',
    help: 'password; better in the environment: SIP_PASSWORD',
  },
  'auth-user': { type: 'string', value: 'name', help: 'digest user name when it differs from --user' },
  'display-name': { type: 'string', value: 'text', help: 'name shown to the other side' },
  domain: { type: 'string', value: 'name', help: 'domain of our address when it differs from the server' },
  proxy: { type: 'string', value: 'host[:port]', help: 'outbound proxy' },
  transport: { type: 'string', value: 'udp|tcp|tls', short: 't', help: 'transport to the server' },
  ca: { type: 'string', value: 'file', help: 'PEM file with the CA of the server certificate' },
  insecure: { type: 'boolean', help: 'do not verify the server certificate (testing only)' },
  listen: { type: 'string', value: '[host:]port', help: 'where to listen for SIP' },
  codec: {
    type: 'string',
    value: 'list',
    short: 'c',
    help: 'codecs in order of preference, such as PCMA,PCMU',
  },
  srtp: { type: 'string', value: 'off|optional|required', help: 'encrypt the media (default off)' },
  'rtp-ports': { type: 'string', value: 'min-max', help: 'range of RTP ports' },
  device: {
    type: 'string',
    value: 'name',
    help: 'talk by this sound device: a name or number of "switchhook devices", or "default"',
  },
  mic: {
    type: 'string',
    value: 'name',
    help: 'another microphone than --device; "none" or file:talk.wav too',
  },
  speaker: {
    type: 'string',
    value: 'name',
    help: 'another speaker than --device; "none" or file:heard.wav too',
  },
  backend: { type: 'string', value: 'name', help: 'where sound devices come from: auto, pulse, decibri' },
  play: { type: 'string', value: 'file.wav', help: 'play this file to the peer' },
  record: { type: 'string', value: 'file.wav', help: 'record both sides (left: peer, right: us)' },
  dtmf: {
    type: 'string',
    value: 'digits',
    help: 'send these digits after the answer; "," pauses half a second',
  },
  echo: { type: 'boolean', help: 'send back what is received' },
  duration: { type: 'number', value: 'seconds', short: 'd', help: 'hang up after this time' },
  timeout: { type: 'number', value: 'seconds', help: 'give up when nobody answers (default 60)' },
  header: {
    type: 'string',
    value: '"Name: value"',
    short: 'H',
    help: 'further header for the INVITE; may be repeated',
  },
  calls: { type: 'number', value: 'count', help: 'end after this many calls' },
  expires: { type: 'number', value: 'seconds', help: 'registration lifetime to ask for' },
  unregister: { type: 'boolean', help: 'register, show the result, and unregister at once' },
  port: { type: 'number', value: 'port', help: 'port to listen on' },
  host: { type: 'string', value: 'address', help: 'address to listen on (default 127.0.0.1)' },
  token: {
    type: 'string',
    value: 'text',
    help: 'what clients of the control server must know; better in the environment: SWITCHHOOK_TOKEN',
  },
  origin: { type: 'string', value: 'url,…', help: 'web pages that may use the control server' },
  users: { type: 'string', value: 'name:password,…', help: 'users of the exchange' },
  prompt: { type: 'string', value: 'file.wav', help: 'file the number "prompt" plays' },
  trace: { type: 'boolean', help: 'print every SIP message' },
  log: { type: 'string', value: 'level', help: 'log to standard error: error, warn, info, debug, trace' },
  schema: { type: 'boolean', help: 'print a JSON Schema' },
  json: { type: 'boolean', help: 'one JSON object a line instead of text' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

type ValueOf<T> = T extends 'boolean' ? boolean : T extends 'number' ? number : string;
export type Values = { -readonly [K in OptionName]?: ValueOf<(typeof OPTIONS)[K]['type']> } & {
  headers: string[];
};

export interface Parsed {
  values: Values;
  positionals: string[];
}

/** @throws ERR_INVALID_ARGUMENT naming the option */
export function parseCommandLine(args: readonly string[], allowed: readonly OptionName[]): Parsed {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> = {};
  for (const name of [...allowed, 'help'] as OptionName[]) {
    const spec: OptionSpec = OPTIONS[name];
    options[name] = { type: spec.type === 'boolean' ? 'boolean' : 'string', multiple: name === 'header' };
    if (spec.short) options[name].short = spec.short;
  }
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: explain(cause, allowed) }, { cause });
  }
  const values: Record<string, unknown> = { headers: parsed.values.header ?? [] };
  for (const [name, value] of Object.entries(parsed.values)) {
    if (value === undefined || name === 'header') continue;
    values[name] = OPTIONS[name as OptionName].type === 'number' ? toNumber(name, String(value)) : value;
  }
  return { values: values as Values, positionals: parsed.positionals };
}

function explain(cause: unknown, allowed: readonly OptionName[]): string {
  const message = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
  const unknown = /^Unknown option '--?([^']+)'/.exec(message)?.[1];
  if (unknown === undefined) return message;
  if (unknown in OPTIONS) return `--${unknown} is an option of other commands`;
  const meant = nearest(unknown, allowed);
  return `there is no option "${unknown}"${meant ? `; do you mean --${meant}?` : ''}`;
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `--${name} "${text}" is not a number` });
  }
  return value;
}

/** @throws ERR_INVALID_ARGUMENT when the file cannot be read */
export function readFileOption(name: OptionName, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `--${name}: ${why}` }, { cause });
  }
}

/** `Name: value` pairs. @throws ERR_INVALID_ARGUMENT */
export function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([\w.!%*+`'~-]+)\s*:\s*([^\r\n]*)$/.exec(line);
    if (!match)
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `--header "${line}" is not "Name: value"` });
    headers[match[1]] = match[2];
  }
  return headers;
}

/** The options of a command, aligned. */
export function describeOptions(names: readonly OptionName[]): string {
  const rows = [...names, 'help' as const].map((name) => {
    const spec: OptionSpec = OPTIONS[name];
    const short = spec.short ? `-${spec.short}, ` : '    ';
    return [`  ${short}--${name}${spec.value ? ` ${spec.value}` : ''}`, spec.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, help]) => `${left.padEnd(width)}${help}`).join('\n');
}
