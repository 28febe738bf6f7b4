/**
 * The seam to an embedded SQL database: `node:sqlite` where Node has it, else `@photostructure/sqlite`, which has the
 * same interface. Loaded when the first database is opened. Used by SqliteStore only.
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

const PACKAGE = '@photostructure/sqlite';

/** Opens or creates a database file. @throws ERR_STORE */
export function openDb(path: string): Db {
  const Database = load(path);
  try {
    const db = new Database(path);
    // What was written survives the end of the process; a crash of the machine may cost the last moments.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 3000;');
    return db;
  } catch (cause) {
    throw storeError(path, cause);
  }
}

function load(path: string): DatabaseClass {
  const builtin = process.getBuiltinModule?.('node:sqlite') as { DatabaseSync: DatabaseClass } | undefined;
  if (builtin) return builtin.DatabaseSync;
  try {
    const module = createRequire(import.meta.url)(PACKAGE) as { DatabaseSync: DatabaseClass };
    return module.DatabaseSync;
  } catch (cause) {
    throw storeError(path, cause, `there is no node:sqlite, and ${PACKAGE} cannot be loaded`);
  }
}

export function storeError(path: string, cause: unknown, what?: string): SwitchhookError {
  const why = what ?? (cause instanceof Error ? cause.message : String(cause));
  return new SwitchhookError('ERR_STORE', { path, why }, { cause });
}
