/** Brings the database's schema up to date before anything else uses it. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { Logger } from 'pino'
import { type Migration, MigrationError, planMigrations } from '../domain/migration-plan.ts'
import type { WorkerEnv } from '../env.ts'

/** A large table may take its time; the other workers wait for the lock meanwhile. */
const LOCK_TIMEOUT_S = 300

/**
 * Runs the files of a folder that have not run yet, one worker at a time. MySQL commits every DDL
 * statement by itself, so a file that fails half way stays half done and says at which statement.
 * @throws {MigrationError} when files and database contradict each other, or a statement fails
 */
export async function migrate(
  settings: WorkerEnv['mysql'],
  folder: string,
  log: Logger,
): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
  const files = await Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })),
  )
  const { host, port, user, password, database } = settings
  // Its own connection without the pool's time limits, gone when the work is done.
  const connection = await createConnection({
    ...(host.startsWith('/') ? { socketPath: host } : { host, port }),
    user,
    password,
    database,
    charset: 'UTF8MB4_0900_AI_CI',
    timezone: 'Z',
    connectTimeout: 5000,
  })
  try {
    await connection.query("SET SESSION time_zone = '+00:00', sql_mode = 'TRADITIONAL'")
    await lock(connection)
    await connection.query(
      `CREATE TABLE IF NOT EXISTS schema_migrations (
        name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        applied_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
      ) ENGINE = InnoDB`,
    )
    for (const migration of planMigrations(files, await readApplied(connection))) {
      await apply(connection, migration)
      log.info({ migration: migration.name }, 'migration applied')
    }
  } finally {
    // The server lets go of the lock with the connection.
    connection.destroy()
  }
}

async function lock(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 40), '.migrations'), ?) AS taken",
    [LOCK_TIMEOUT_S],
  )
  if (rows[0]?.['taken'] !== 1) {
    throw new MigrationError('another worker holds the migration lock for too long')
  }
}

async function readApplied(connection: Connection): Promise<Map<string, string>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT name, checksum FROM schema_migrations',
  )
  return new Map(rows.map((row) => [String(row['name']), String(row['checksum'])]))
}

async function apply(connection: Connection, migration: Migration): Promise<void> {
  for (const [index, statement] of migration.statements.entries()) {
    try {
      await connection.query(statement)
    } catch (cause) {
      throw new MigrationError(`${migration.name}: statement ${index + 1} failed`, { cause })
    }
  }
  await connection.query('INSERT INTO schema_migrations (name, checksum) VALUES (?, ?)', [
    migration.name,
    migration.checksum,
  ])
}
