/** The same request in every format, and what the answer in that format says: the client's side of src/server/wire. */
import type { ControlRequest } from '../../../src/server/wire/request.js';

export interface Encoding {
  readonly name: string;
  readonly contentType: string;
  encode(name: string, args: ReadonlyArray<readonly [string, string]>): string;
  /** The clear text of the result. */
  result(answer: string): string;
}

const quoted = (value: string): string =>
  /[",]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
const unescaped = (value: string): string =>
  value.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
const clearResult = (answer: string): string =>
  answer.slice(answer.indexOf('APIRESULT:') + 'APIRESULT:'.length);
const xmlResult = (answer: string): string =>
  unescaped(/<result>([\s\S]*)<\/result>/.exec(answer)?.[1] ?? '?');
const tags = (args: ReadonlyArray<readonly [string, string]>): string =>
  args.map(([key, value]) => `<${key}>${escaped(value)}</${key}>`).join('');

export const ENCODINGS: readonly Encoding[] = [
  {
    name: 'comma',
    contentType: 'text/plain',
    encode: (name, args) =>
      [`function=${name}`, ...args.map(([key, value]) => `${key}=${quoted(value)}`)].join(','),
    result: clearResult,
  },
  {
    name: 'comma-positional',
    contentType: 'text/plain',
    encode: (name, args) =>
      [`function=${name}`, ...args.map(([, value], i) => `param${i + 1}=${quoted(value)}`)].join(','),
    result: clearResult,
  },
  {
    name: 'comma-short',
    contentType: 'text/plain',
    encode: (name, args) => [name, ...args.map(([, value]) => quoted(value))].join(','),
    result: clearResult,
  },
  {
    name: 'framed',
    contentType: 'text/plain',
    encode: (name, args) =>
      `BOFCOMMANDBOFLINEfunction=${name}EOFLINE${args.map(([key, value]) => `BOFLINE${key}=${value}EOFLINE`).join('')}EOFCOMMAND`,
    result: (answer) => /APIRESULT:([\s\S]*)EOFLINEEOFCOMMAND$/.exec(answer)?.[1] ?? '?',
  },
  {
    name: 'query',
    contentType: 'text/plain',
    encode: (name, args) =>
      [`function=${name}`, ...args.map(([key, value]) => `${key}=${encodeURIComponent(value)}`)].join('&') +
      (args.length === 0 ? '&' : ''),
    result: clearResult,
  },
  {
    name: 'form',
    contentType: 'application/x-www-form-urlencoded',
    encode: (name, args) =>
      new URLSearchParams([['function', name], ...args.map(([k, v]): [string, string] => [k, v])]).toString(),
    result: (answer) => new URLSearchParams(answer).get('result') ?? '?',
  },
  {
    name: 'multipart',
    contentType: 'multipart/form-data; boundary=b0undary',
    encode: (name, args) =>
      `${[['function', name], ...args]
        .map(
          ([key, value]) => `--b0undary\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
        )
        .join('')}--b0undary--\r\n`,
    result: (answer) => new URLSearchParams(answer).get('result') ?? '?',
  },
  {
    name: 'key-value',
    contentType: 'text/plain',
    encode: (name, args) =>
      [`function=${name}`, ...args.map(([key, value]) => `${key}=${value}`)].join('\r\n') +
      (args.length === 0 ? '\r\nparam=' : ''),
    result: (answer) => /(?:^|\n)result=(.*)$/.exec(answer)?.[1] ?? '?',
  },
  {
    name: 'json',
    contentType: 'application/json',
    encode: (name, args) => JSON.stringify({ function: name, ...Object.fromEntries(args) }),
    result: (answer) => (JSON.parse(answer) as { result: string }).result,
  },
  {
    name: 'json-array',
    contentType: 'application/json',
    encode: (name, args) => JSON.stringify({ function: name, parameters: args.map(([, value]) => value) }),
    result: (answer) => (JSON.parse(answer) as { result: string }).result,
  },
  {
    name: 'xml',
    contentType: 'application/xml',
    encode: (name, args) => `<request><function>${name}</function>${tags(args)}</request>`,
    result: xmlResult,
  },
  {
    name: 'xml-root',
    contentType: 'text/xml',
    encode: (name, args) => `<?xml version="1.0"?><${name}>${tags(args)}</${name}>`,
    result: xmlResult,
  },
  {
    name: 'soap',
    contentType: 'text/xml; charset=utf-8',
    encode: (name, args) =>
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><m:${name} xmlns:m="urn:x">${tags(args)}</m:${name}></s:Body></s:Envelope>`,
    result: xmlResult,
  },
];

export function encoding(name: string): Encoding {
  const found = ENCODINGS.find((one) => one.name === name);
  if (!found) throw new Error(`no encoding ${name}`);
  return found;
}

/** Thirty requests of every kind, and what a webphone that is registered must answer each with. */
export const THIRTY: ReadonlyArray<{
  readonly name: string;
  readonly args: ReadonlyArray<readonly [string, string]>;
  readonly result: string;
}> = [
  ['API_TestEcho', { echo: 'test' }, 'test'],
  ['API_TestEcho', { echo: '' }, ''],
  ['API_TestEcho', { echo: 'a b  c' }, 'a b  c'],
  ['API_TestEcho', { echo: 'one, two, three' }, 'one, two, three'],
  ['API_TestEcho', { echo: 'a&b=c&d' }, 'a&b=c&d'],
  ['API_TestEcho', { echo: 'key=value' }, 'key=value'],
  ['API_TestEcho', { echo: 'x=1,y=2' }, 'x=1,y=2'],
  ['API_TestEcho', { echo: '100% sure' }, '100% sure'],
  ['API_TestEcho', { echo: '%41%zz' }, '%41%zz'],
  ['API_TestEcho', { echo: '+36205551234' }, '+36205551234'],
  ['API_TestEcho', { echo: '1+1' }, '1+1'],
  ['API_TestEcho', { echo: 'she said "no"' }, 'she said "no"'],
  ['API_TestEcho', { echo: '"quoted, whole"' }, '"quoted, whole"'],
  ['API_TestEcho', { echo: '<b>&amp;</b>' }, '<b>&amp;</b>'],
  ['API_TestEcho', { echo: '{"json":[1]}' }, '{"json":[1]}'],
  [
    'API_TestEcho',
    { echo: 'sip:bob@example.com;transport=tcp?x=y#z' },
    'sip:bob@example.com;transport=tcp?x=y#z',
  ],
  ['API_TestEcho', { echo: 'árvíztűrő tükörfúrógép 電話 ☎' }, 'árvíztűrő tükörfúrógép 電話 ☎'],
  ['API_TestEcho', { echo: '__proto__' }, '__proto__'],
  ['API_TestEcho', { echo: "it's; $(ls) `id` ../../etc" }, "it's; $(ls) `id` ../../etc"],
  ['API_TestEcho', { echo: 'x'.repeat(4000) }, 'x'.repeat(4000)],
  ['API_Call', { line: '-1', peer: 'echo' }, 'OK: initiated'],
  ['API_Hangup', { line: '-1' }, 'OK: initiated'],
  ['API_Call', { line: '-1', peer: 'echo', calltype: '1' }, 'ERROR: failed'],
  ['API_SendChat', { line: '-1', peer: 'bob', group: '', message: 'hello, how are you?' }, 'OK: initiated'],
  ['API_GetLine', {}, '1'],
  ['API_IsRegistered', {}, 'OK: initiated'],
  ['API_SetVolume', { dev: '0', volume: '500' }, 'ERROR: failed'],
  ['API_SetParameter', { param: 'loglevel', value: '5' }, 'OK: initiated'],
  ['API_AddLog', { level: '2', msg: 'hello' }, 'OK'],
  ['API_HTTPGet', { url: 'ftp://x.invalid/?a=1&b=2' }, 'ERROR: only http and https addresses can be asked'],
].map(([name, args, result]) => ({
  name: name as string,
  args: Object.entries(args as Record<string, string>),
  result: result as string,
}));

/** Arguments as pairs, whatever names they have. */
export function pairsOf(request: ControlRequest): string[] {
  return request.args.map(({ value }) => String(value));
}
