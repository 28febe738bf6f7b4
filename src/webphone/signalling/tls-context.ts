/** Certificates an application hands over for TLS, in place of those of the settings. */
import type { PhoneOptions } from '../../phone/index.js';

type TlsOptions = NonNullable<PhoneOptions['tls']>;

export class TlsContext {
  #options: TlsOptions | undefined;

  /** What was set last. */
  get options(): TlsOptions | undefined {
    return this.#options;
  }

  /** @param context an object with ca, cert, key (PEM texts or buffers) and verify. @returns false for anything else */
  set(context: unknown): boolean {
    if (typeof context !== 'object' || context === null) return false;
    const given = context as Record<string, unknown>;
    const text = (name: string): string | undefined => {
      const value = given[name];
      return typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() : undefined;
    };
    const options: TlsOptions = { ca: text('ca'), cert: text('cert'), key: text('key') };
    if (typeof given.verify === 'boolean') options.verify = given.verify;
    if (Object.values(options).every((value) => value === undefined)) return false;
    this.#options = options;
    return true;
  }
}
