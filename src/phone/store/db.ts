/**
 * The seam to an embedded SQL database: `node:sqlite` where Node has it, else `@photostructure/sqlite`, which has the
 * same interface. Loaded when the first database is opened. Used by SqliteStore only.
 */
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
export async function openDb(path: string): Promise<Db> {
  const Database = await load(path);
  try {
    const db = new Database(path);
    // What was written survives the end of the process; a crash of the machine may cost the last moments.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 3000;');
    return db;
  } catch (cause) {
    throw storeError(path, cause);
  }
}

async function load(path: string): Promise<DatabaseClass> {
  const builtin = process.getBuiltinModule?.('node:sqlite') as { DatabaseSync: DatabaseClass } | undefined;
  if (builtin) return builtin.DatabaseSync;
  try {
    const module = (await import(PACKAGE)) as { DatabaseSync: DatabaseClass };
    return module.DatabaseSync;
  } catch (cause) {
    throw storeError(path, cause, `there is no node:sqlite, and ${PACKAGE} cannot be loaded`);
  }
}

export function storeError(path: string, cause: unknown, what?: string): SwitchhookError {
  const why = what ?? (cause instanceof Error ? cause.message : String(cause));
  return new SwitchhookError('ERR_STORE', { path, why }, { cause });
}
