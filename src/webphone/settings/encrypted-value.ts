/**
 * Values given encoded: `encrypted__3__…` (or `encrypted_3…`) in front of any setting or text argument says how. Methods
 * 1 to 4 are what older integrations used; they hide a value from a glance and protect nothing, since their key ships
 * with the program unless one is given. Method 5 is AES-256-GCM with a key of one's own. Called for every value that
 * comes in; never logs what it sees.
 *
 * Methods: 0 as it is; 1 XOR, written in hex; 2 DES (ECB, PKCS#7) in base64; 3 XOR in base64; 4 base64;
 * 5 AES-256-GCM in base64: 16 bytes of salt, 12 of IV, 16 of tag, then the text; the key by scrypt.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { SwitchhookError } from '../../base/errors.js';

const PREFIX = /^encrypted__([0-5])__|^encrypted_([0-5])_?/i;
/** Of methods 1 to 3 when no key is given: it makes the encoding the same everywhere, and no secret. */
const COMMON_KEY = 'switchhook';

export type EncryptionMethod = 0 | 1 | 2 | 3 | 4 | 5;

/** True when a text says that it is encoded. */
export function isEncrypted(text: string): boolean {
  return PREFIX.test(text);
}

/**
 * The plain text of a value with the prefix; one without comes back as it is.
 * @throws ERR_INVALID_ARGUMENT when it cannot be read with this key
 */
export function decryptValue(text: string, key?: string): string {
  const match = PREFIX.exec(text);
  if (!match) return text;
  return decode(Number(match[1] ?? match[2]) as EncryptionMethod, text.slice(match[0].length), key);
}

/** The value with its prefix. */
export function encryptValue(text: string, method: EncryptionMethod, key?: string): string {
  return `encrypted__${method}__${encode(method, text, key)}`;
}

/** Decodes a text of a known method. @throws ERR_INVALID_ARGUMENT */
export function decode(method: EncryptionMethod, text: string, key?: string): string {
  try {
    switch (method) {
      case 0:
        return text;
      case 1:
        if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Error('not hexadecimal');
        return utf8(xor(Buffer.from(text, 'hex'), key));
      case 2: {
        const decipher = createDecipheriv('des-ede3-ecb', desKey(key), null);
        return utf8(Buffer.concat([decipher.update(base64(text)), decipher.final()]));
      }
      case 3:
        return utf8(xor(base64(text), key));
      case 4:
        return utf8(base64(text));
      case 5:
        return utf8(openBox(base64(text), requiredKey(key)));
    }
  } catch (cause) {
    throw new SwitchhookError(
      'ERR_INVALID_ARGUMENT',
      { what: `a value encrypted with method ${method} cannot be read: ${(cause as Error).message}` },
      { cause },
    );
  }
}

function encode(method: EncryptionMethod, text: string, key?: string): string {
  const bytes = Buffer.from(text, 'utf8');
  switch (method) {
    case 0:
      return text;
    case 1:
      return xor(bytes, key).toString('hex');
    case 2: {
      const cipher = createCipheriv('des-ede3-ecb', desKey(key), null);
      return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64');
    }
    case 3:
      return xor(bytes, key).toString('base64');
    case 4:
      return bytes.toString('base64');
    case 5:
      return sealBox(bytes, requiredKey(key)).toString('base64');
  }
}

function xor(bytes: Buffer, key = COMMON_KEY): Buffer {
  const pad = Buffer.from(key || COMMON_KEY, 'utf8');
  return Buffer.from(bytes.map((byte, at) => byte ^ pad[at % pad.length]));
}

/** Single DES is triple DES with one key thrice; OpenSSL 3 has only the latter. */
function desKey(key = COMMON_KEY): Buffer {
  const eight = Buffer.alloc(8);
  Buffer.from(key || COMMON_KEY, 'utf8').copy(eight);
  return Buffer.concat([eight, eight, eight]);
}

function requiredKey(key: string | undefined): string {
  if (!key) throw new Error('it needs a key');
  return key;
}

const SALT = 16;
const IV = 12;
const TAG = 16;

function sealBox(bytes: Buffer, key: string): Buffer {
  const salt = randomBytes(SALT);
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', scryptSync(key, salt, 32), iv);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]);
}

function openBox(box: Buffer, key: string): Buffer {
  if (box.length < SALT + IV + TAG) throw new Error('it is too short');
  const iv = box.subarray(SALT, SALT + IV);
  const decipher = createDecipheriv('aes-256-gcm', scryptSync(key, box.subarray(0, SALT), 32), iv);
  decipher.setAuthTag(box.subarray(SALT + IV, SALT + IV + TAG));
  return Buffer.concat([decipher.update(box.subarray(SALT + IV + TAG)), decipher.final()]);
}

function base64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/_=-]*$/.test(text.trim())) throw new Error('not base64');
  return Buffer.from(text, 'base64');
}

function utf8(bytes: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
