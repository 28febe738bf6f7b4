/** Where an upload goes: fills the keywords in the address and finds the name of the file there. Touches no network. */
import { basename, extname } from 'node:path';
import { SwitchhookError } from '../../base/errors.js';

/** What is told about the call, in header fields and by keywords in the address. */
export interface UploadCallInfo {
  /** Our user name: X-user, USER. */
  user?: string;
  /** X-caller */
  caller?: string;
  /** X-called */
  called?: string;
  /** X-callid, CALLID */
  callId?: string;
  /** Address of the SIP server: X-server. */
  server?: string;
}

export interface UploadTarget {
  url: URL;
  /** The file's name over there. */
  fileName: string;
  /** The address without user name and password, for messages. */
  shown: string;
}

const PROTOCOLS = ['http:', 'https:', 'ftp:', 'ftps:'];

/** @throws ERR_INVALID_ARGUMENT */
export function uploadTarget(
  address: string,
  path: string,
  call: UploadCallInfo,
  now: Date,
  wantedName: string | undefined,
): UploadTarget {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw invalid('the upload address is no URL');
  }
  if (!PROTOCOLS.includes(url.protocol)) throw invalid(`uploads go to ${PROTOCOLS.join(', ')} only`);
  const own = wantedName ?? basename(path);
  const values: Readonly<Record<string, string>> = {
    DATETIME: digits(now),
    DATE: `${now.getFullYear()}_${two(now.getMonth() + 1)}_${two(now.getDate())}`,
    CALLID: call.callId ?? '',
    USER: call.user ?? '',
    FILENAME: own,
  };
  const fill = (text: string) =>
    text.replace(/DATETIME|DATE|CALLID|USER|FILENAME/g, (word) => encodeURIComponent(values[word]));
  const lastBefore = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  url.pathname = fill(url.pathname);
  url.search = fill(url.search);
  const last = decode(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  const isFtp = url.protocol.startsWith('ftp');
  const named = url.searchParams.get('filename') || (isFtp || fill(lastBefore) !== lastBefore ? last : '');
  let fileName = wantedName ?? (named || own);
  if (extname(fileName) === '') fileName += extname(path);
  if (/[\x00-\x1f\x7f]/.test(decode(url.pathname) + fileName)) {
    throw invalid('the name of an uploaded file has control characters');
  }
  return { url, fileName, shown: `${url.protocol}//${url.host}${url.pathname}` };
}

function digits(date: Date): string {
  const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  return date.getFullYear() + parts.map(two).join('');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(what: string): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
}
