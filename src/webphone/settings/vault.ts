/**
 * Encrypts what is kept on disk: AES-256-GCM under a key made by scrypt. A file is one line that says how it was made,
 * and the sealed bytes in base64. Called by {@link SettingsStore}; knows no file.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

/** Why something sealed could not be opened: it is no such file, or it is one and the key does not fit. */
export type UnsealFailure = 'damaged' | 'wrong key';

export class UnsealError extends Error {
  constructor(readonly failure: UnsealFailure) {
    super(failure === 'damaged' ? 'the file is damaged' : 'the key is another one, or the file was changed');
  }
}

const FORMAT = /^switchhook-settings 1 scrypt=(\d{1,2})$/;
/** As power of two; 15 takes a tenth of a second. */
const USUAL_COST = 15;
const MAX_COST = 20;
const SALT = 16;
const IV = 12;
const TAG = 16;

interface ScryptOptions {
  N: number;
  r: number;
  p: number;
  maxmem: number;
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

export class Vault {
  readonly #secret: string;
  /** Deriving takes a tenth of a second: once for a salt, and one salt for as long as this lives. */
  readonly #keys = new Map<string, Promise<Buffer>>();
  readonly #cost: number;
  #salt = randomBytes(SALT);

  /** @param cost of a guess at the key, as power of two */
  constructor(secret: string, cost: number = USUAL_COST) {
    this.#secret = secret;
    this.#cost = cost;
  }

  async seal(text: string): Promise<string> {
    const iv = randomBytes(IV);
    const format = `switchhook-settings 1 scrypt=${this.#cost}`;
    const cipher = createCipheriv('aes-256-gcm', await this.#key(this.#salt, this.#cost), iv);
    cipher.setAAD(Buffer.from(format));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${format}\n${Buffer.concat([this.#salt, iv, cipher.getAuthTag(), sealed]).toString('base64')}\n`;
  }

  /** @throws UnsealError */
  async unseal(file: string): Promise<string> {
    const match = /^(.+)\n([A-Za-z0-9+/]+={0,2})\n$/.exec(file);
    const [, format = '', base64 = ''] = match ?? [];
    const cost = Number(FORMAT.exec(format)?.[1] ?? 0);
    const box = Buffer.from(base64, 'base64');
    if (cost < 1 || cost > MAX_COST || box.length < SALT + IV + TAG) throw new UnsealError('damaged');
    const salt = box.subarray(0, SALT);
    const key = await this.#key(salt, cost);
    const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(SALT, SALT + IV));
    decipher.setAAD(Buffer.from(format));
    decipher.setAuthTag(box.subarray(SALT + IV, SALT + IV + TAG));
    try {
      const text = Buffer.concat([decipher.update(box.subarray(SALT + IV + TAG)), decipher.final()]);
      this.#salt = Buffer.from(salt);
      return text.toString('utf8');
    } catch {
      throw new UnsealError('wrong key');
    }
  }

  #key(salt: Buffer, cost: number): Promise<Buffer> {
    const name = `${cost}:${salt.toString('hex')}`;
    let key = this.#keys.get(name);
    if (!key) {
      const options = { N: 2 ** cost, r: 8, p: 1, maxmem: 2 ** (cost + 11) };
      this.#keys.set(name, (key = derive(this.#secret, Buffer.from(salt), 32, options)));
    }
    return key;
  }
}
