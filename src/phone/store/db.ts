/**
 * The seam to an embedded SQL database: `node:sqlite`, or `@photostructure/sqlite`, which has the same interface and
 * reads the same files. Loaded when the first database is opened. Used by SqliteStore only.
 */
import { createRequire } from 'node:module';
import { SwitchhookError } from '../../base/errors.js';

export type SqlValue = string | number | bigint | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlStatement {
  run(...values: SqlValue[]): { changes: number | bigint };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
}

export interface Db {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

type DatabaseClass = new (path: string) => Db;

export type SqlDriver = 'node:sqlite' | '@photostructure/sqlite';

/**
 * The drivers in the order they are tried. Node.js has its own from 22.5 on, but until 24.15 it is an experiment, and
 * says so on the terminal of whoever opens a database.
 */
export function sqlDrivers(version: string = process.versions.node): readonly SqlDriver[] {
  const [major, minor] = version.split('.').map(Number);
  const ripe = major > 24 || (major === 24 && minor >= 15);
  return ripe ? ['node:sqlite', '@photostructure/sqlite'] : ['@photostructure/sqlite', 'node:sqlite'];
}

/** Opens or creates a database file, with the first of the drivers that is there. @throws ERR_STORE */
export function openDb(path: string, drivers: readonly SqlDriver[] = sqlDrivers()): Db {
  const Database = load(path, drivers);
  try {
    const db = new Database(path);
    // What was written survives the end of the process; a crash of the machine may cost the last moments.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 3000;');
    return db;
  } catch (cause) {
    throw storeError(path, cause);
  }
}

function load(path: string, drivers: readonly SqlDriver[]): DatabaseClass {
  const require = createRequire(import.meta.url);
  let why: unknown;
  for (const driver of drivers) {
    try {
      return (require(driver) as { DatabaseSync: DatabaseClass }).DatabaseSync;
    } catch (cause) {
      why = cause;
    }
  }
  throw storeError(path, why, `there is no ${drivers.join(' and no ')}`);
}

export function storeError(path: string, cause: unknown, what?: string): SwitchhookError {
  const why = what ?? (cause instanceof Error ? cause.message : String(cause));
  return new SwitchhookError('ERR_STORE', { path, why }, { cause });
}
