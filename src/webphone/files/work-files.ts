/**
 * The files of the API: texts by name in one folder, which no name leads out of. Kept encrypted or as they are. Used by
 * functions/files.ts, contacts and lists; never reads or writes anything outside the folder.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { SwitchhookError } from '../../base/errors.js';
import { decodeText, encodeText } from '../../base/text-encoding.js';
import { machineKey } from '../settings/machine-key.js';
import { Vault } from '../settings/vault.js';

/** More is no text somebody keeps with a phone. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
const SEALED = /^switchhook-settings \d+ /;
const SEALED_HEAD = 40;

/** The settings, their key, and the database; the log may be read. */
const OURS = /^(settings\.(dat|key)|phone\.db)/i;

export class WorkFiles {
  readonly folder: string;
  readonly #encoding: () => string | undefined;
  #vault: Vault | undefined;
  #count = 0;

  /** @param encoding of files that are kept as they are; undefined is UTF-8 */
  constructor(folder: string, encoding: () => string | undefined = () => undefined) {
    this.folder = resolve(folder);
    this.#encoding = encoding;
  }

  /**
   * The path of a file in the folder.
   * @throws ERR_INVALID_ARGUMENT for a name that leads elsewhere, or to what the phone itself keeps there
   */
  path(name: string): string {
    const plain = name.trim();
    const path = resolve(this.folder, plain);
    const inside = path.startsWith(this.folder + sep) && !OURS.test(path.slice(this.folder.length + 1));
    if (!plain || !inside || /[\0]/.test(plain) || basename(path).length > 200) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `"${plain}" is not a file of the work folder`,
      });
    }
    return path;
  }

  /** Writes whole or not at all. @throws ERR_INVALID_ARGUMENT, and what writing throws */
  async save(name: string, content: string, options: { encrypted?: boolean } = {}): Promise<void> {
    const path = this.path(name);
    if (Buffer.byteLength(content) > MAX_FILE_BYTES) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `more than ${MAX_FILE_BYTES} bytes` });
    }
    const encoding = this.#encoding();
    const plain = (encoding && encodeText(content, encoding)) || content;
    const text = options.encrypted ? await this.#seal(content) : plain;
    await mkdir(join(path, '..'), { recursive: true });
    const beside = `${path}.${process.pid}.${++this.#count}.tmp`;
    try {
      await writeFile(beside, text, { mode: 0o600 });
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  /** The text of a file, decrypted if need be; undefined when there is none. @throws ERR_INVALID_ARGUMENT, UnsealError */
  async load(name: string): Promise<string | undefined> {
    const path = this.path(name);
    const info = await stat(path).catch(() => undefined);
    if (!info?.isFile()) return undefined;
    if (info.size > 2 * MAX_FILE_BYTES) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${name}" is too large` });
    }
    const bytes = await readFile(path);
    const sealed = SEALED.test(bytes.toString('latin1', 0, SEALED_HEAD));
    return sealed ? this.#opened().unseal(bytes.toString('utf8')) : decodeText(bytes, this.#encoding());
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }

  #seal(content: string): Promise<string> {
    return this.#opened().seal(content);
  }

  #opened(): Vault {
    this.#vault ??= new Vault(machineKey(this.folder));
    return this.#vault;
  }
}
