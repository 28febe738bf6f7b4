/** User-to-User information (RFC 7433): data of the applications that travels with a call. Pure. */
import { SwitchhookError } from '../../base/errors.js';
import type { SipMessage } from '../../sip/index.js';

export interface UserToUser {
  /** Encoded as `encoding` says. */
  data: string;
  /** 'hex' or another; absent = as it stands. */
  encoding?: string;
  purpose?: string;
  content?: string;
  /** The text `data` stands for, where the encoding is known. */
  text: string;
}

export interface UserToUserOptions {
  /** The header value: data with or without parameters, like `56a390f3;encoding=hex;purpose=app`. */
  value: string;
  /**
   * Who gets it: the peer of the call, the target of a transfer or redirection (escaped in its URI, RFC 7433 §4), or
   * both. Default 'both'.
   */
  to?: 'peer' | 'target' | 'both';
}

/** The value for a text, in hex as RFC 7433 §4.1 has it. */
export function hexUserToUser(text: string): string {
  return `${Buffer.from(text, 'utf8').toString('hex')};encoding=hex`;
}

/** @throws ERR_INVALID_ARGUMENT */
export function checkUserToUser({ value }: UserToUserOptions): void {
  if (value === '' || /[\r\n]/.test(value))
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'User-to-User data must be one line' });
}

/** The data in a message; lists are told apart (RFC 7433 §4). */
export function readUserToUser(message: SipMessage): UserToUser[] {
  return splitQuietly(message).map((value) => {
    const [head, ...rest] = value.split(';').map((part) => part.trim());
    const params = new Map(
      rest.map((part): [string, string] => {
        const equals = part.indexOf('=');
        const text = equals < 0 ? '' : part.slice(equals + 1).replace(/^"(.*)"$/, '$1');
        return [(equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase(), text];
      }),
    );
    const data = head.replace(/^"(.*)"$/, '$1');
    const encoding = params.get('encoding')?.toLowerCase();
    const isHex = encoding === 'hex' && /^(?:[0-9a-f]{2})*$/i.test(data);
    return {
      data,
      encoding,
      purpose: params.get('purpose'),
      content: params.get('content'),
      text: isHex ? Buffer.from(data, 'hex').toString('utf8') : data,
    };
  });
}

function splitQuietly(message: SipMessage): string[] {
  try {
    return message.values('User-to-User');
  } catch {
    return message.getAll('User-to-User');
  }
}
