/** Certificates made at test time by the `openssl` program, in a folder of their own; suites are skipped without it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasOpenssl: boolean = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export interface Certificate {
  cert: string;
  key: string;
}

/** An authority that signs what a test needs. */
export class TestAuthority implements Disposable {
  readonly ca: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'switchhook-certificates-'));
  #count = 0;

  constructor() {
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Test authority',
    );
    this.ca = this.#read('ca.pem');
  }

  /**
   * @param alternatives subjectAltName values: 'DNS:example.com', 'URI:sip:example.com', 'IP:127.0.0.1'
   * @param days negative: expired already
   */
  issue(
    alternatives: readonly string[],
    commonName = 'test',
    days = 2,
    newKey: readonly string[] = NEW_KEY,
  ): Certificate {
    const name = `leaf${this.#count++}`;
    this.#openssl(
      'req',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${commonName}`,
    );
    const extensions = alternatives.length > 0 ? [`subjectAltName=${alternatives.join(',')}`] : [];
    writeFileSync(
      join(this.#folder, `${name}.ext`),
      `${['basicConstraints=CA:FALSE', ...extensions].join('\n')}\n`,
    );
    this.#openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.pem`, '-days', String(days), '-extfile', `${name}.ext`],
    );
    return { cert: this.#read(`${name}.pem`), key: this.#read(`${name}.key`) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;
