/** The TLS options of a transport layer turned into what node:tls takes, read once. */
import { createSecureContext, type SecureContext, type TlsOptions as ServerOptions } from 'node:tls';
import { SwitchhookError } from '../../base/errors.js';
import { describe } from './context.js';

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface TlsOptions {
  /** PEM: the authorities to trust, in place of those Node knows. On listening sockets also asks clients for theirs. */
  ca?: string | Buffer | Array<string | Buffer>;
  /** PEM: our certificate with its chain; needed to listen, given to servers that ask for one. */
  cert?: string | Buffer;
  /** PEM. */
  key?: string | Buffer;
  passphrase?: string;
  /** PKCS#12: our certificate and its key, in place of `cert` and `key`. */
  pfx?: Buffer;
  /**
   * Default true. False accepts any server certificate, 'warn' says in the log what is wrong with it: an attacker in the
   * path then reads and changes everything.
   */
  verify?: boolean | 'warn';
  /** Default 'TLSv1.2'. What is older is not safe, and needs `maxVersion` besides. */
  minVersion?: TlsVersion;
  /** Default: the newest that both sides know. */
  maxVersion?: TlsVersion;
  /** Accept '*.example.com' in server certificates, which RFC 5922 §7.2 forbids; default false. */
  wildcards?: boolean;
}

const OLD: ReadonlySet<TlsVersion> = new Set(['TLSv1', 'TLSv1.1']);

export class TlsSettings {
  readonly verify: boolean | 'warn';
  readonly wildcards: boolean;
  readonly #options: TlsOptions;
  #context: SecureContext | undefined;

  constructor(options: TlsOptions = {}) {
    this.#options = options;
    this.verify = options.verify ?? true;
    this.wildcards = options.wildcards ?? false;
  }

  /**
   * For outgoing connections. Reading the authorities takes milliseconds, so it is done once.
   * @throws SwitchhookError ERR_INVALID_ARGUMENT when certificate, key or authorities cannot be used
   */
  get clientContext(): SecureContext {
    this.#context ??= readable(() => createSecureContext(this.#base));
    return this.#context;
  }

  /** @throws SwitchhookError ERR_INVALID_ARGUMENT when certificate or key are missing or cannot be used */
  get serverOptions(): ServerOptions {
    const { cert, key, ca, pfx } = this.#options;
    if (pfx === undefined && (cert === undefined || key === undefined)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: 'listening for TLS needs tls.cert and tls.key',
      });
    }
    readable(() => createSecureContext(this.#base));
    // RFC 5923 §9.2: clients are asked for a certificate, but need not have one.
    return { ...this.#base, requestCert: ca !== undefined, rejectUnauthorized: false };
  }

  get #base() {
    const { ca, cert, key, pfx, passphrase, minVersion = 'TLSv1.2', maxVersion } = this.#options;
    // OpenSSL 3 lets the old ones be used at its lowest level of security only.
    const ciphers = maxVersion && OLD.has(maxVersion) ? 'DEFAULT@SECLEVEL=0' : undefined;
    return { ca, cert, key, pfx, passphrase, minVersion, maxVersion, ciphers } as const;
  }
}

function readable(make: () => SecureContext): SecureContext {
  try {
    return make();
  } catch (cause) {
    throw new SwitchhookError(
      'ERR_INVALID_ARGUMENT',
      { what: `the TLS certificate, key or authorities cannot be used (${describe(cause)})` },
      { cause },
    );
  }
}
