/** A Kamailio of the test's own: registrar and proxy on loopback, configured by test/interop/kamailio/*.cfg. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../certificates.js';
import { freePort } from '../free-port.js';
import type { Workbench } from '../workbench.js';
import type { PeerProcess } from './peer-process.js';
import { acceptsConnections, answersOptions } from './readiness.js';

const CONFIGURATIONS = join(import.meta.dirname, '..', '..', 'interop', 'kamailio');

/** Empty tables of its package. */
const TABLES = '/usr/share/kamailio/dbtext/kamailio';

/** The domain of its users: a name, for an address would claim their contacts as well. */
export const KAMAILIO_DOMAIN = 'pbx.test';

export interface KamailioOptions {
  /** User name → password. */
  users: Readonly<Record<string, string>>;
  /** File below test/interop/kamailio, without the ending; default 'proxy'. */
  config?: string;
  /** Tables its configuration keeps in text files. */
  tables?: readonly string[];
  /** Turns TLS on. */
  certificate?: Certificate;
  algorithm?: 'MD5' | 'SHA-256';
  qop?: 'auth' | 'auth-int';
  /** Seconds. */
  nonceLifetime?: number;
  /** The one of an earlier instance; default: a free one. */
  port?: number;
}

export interface Kamailio {
  process: PeerProcess;
  /** UDP and TCP. */
  port: number;
  tlsPort: number;
  /** Words for `server`. */
  server(transport: 'udp' | 'tcp' | 'tls'): string;
}

/** Resolves when it answers. */
export async function startKamailio(bench: Workbench, options: KamailioOptions): Promise<Kamailio> {
  const port = options.port ?? (await freePort());
  const tlsPort = await freePort();
  const { certificate } = options;
  if (certificate) {
    writeFileSync(bench.path('server.pem'), certificate.cert);
    writeFileSync(bench.path('server.key'), certificate.key);
  }
  if (options.tables) mkdirSync(bench.path('db'), { recursive: true });
  for (const table of options.tables ?? []) copyFileSync(join(TABLES, table), bench.path(`db/${table}`));
  const words: Readonly<Record<string, string>> = {
    PORT: String(port),
    TLS_PORT: String(tlsPort),
    DOMAIN: KAMAILIO_DOMAIN,
    USERS: Object.entries(options.users)
      .map(([name, password]) => `  $sht(users=>${name}) = "${password.replace(/["\\]/g, '\\$&')}";`)
      .join('\n'),
    FOLDER: bench.folder,
    ALGORITHM: options.algorithm ?? 'MD5',
    QOP: options.qop ?? 'auth',
    NONCE_LIFETIME: String(options.nonceLifetime ?? 300),
  };
  const template = readFileSync(join(CONFIGURATIONS, `${options.config ?? 'proxy'}.cfg`), 'utf8');
  const config = bench.path('kamailio.cfg');
  writeFileSync(
    config,
    template.replace(/@([A-Z_]+)@/g, (_, word: string) => words[word] ?? ''),
  );
  const program = bench.start(
    'kamailio',
    [
      ...['-DD', '-E', '-f', config, '-Y', bench.folder, '-w', bench.folder, '-m', '32', '-M', '4'],
      ...(certificate ? ['-A', 'WITH_TLS'] : []),
    ],
    { env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin` } },
  );
  await answersOptions(program, port);
  await acceptsConnections(program, certificate ? tlsPort : port);
  return {
    process: program,
    port,
    tlsPort,
    server: (transport) => `127.0.0.1:${transport === 'tls' ? tlsPort : port}`,
  };
}
