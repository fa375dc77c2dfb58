/** Which migration files have to run, and which statements a file holds. */

import { createHash } from 'node:crypto'

export interface MigrationFile {
  /** `012_conversations.sql` */
  readonly name: string
  readonly sql: string
}

export interface Migration {
  readonly name: string
  /** SHA-256 (hex) of the text with line breaks as `\n`. */
  readonly checksum: string
  readonly statements: readonly string[]
}

/** A state of files and database that no order of running could make right. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/**
 * Returns the migrations that have not run yet, in the order of their numbers. Migrations in the
 * database that have no file are ignored: they belong to a newer version that was here before.
 * @param applied checksums by name
 * @throws {MigrationError} for a badly named file, a number used twice, or a file that was changed
 *   after it had run
 */
export function planMigrations(
  files: readonly MigrationFile[],
  applied: ReadonlyMap<string, string>,
): readonly Migration[] {
  const byNumber = new Map<string, string>()
  const pending: Migration[] = []
  for (const { name, sql } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const number = /^(\d{3})_[a-z0-9_]+\.sql$/.exec(name)?.[1]
    if (number === undefined) throw new MigrationError(`${name}: must be named NNN_name.sql`)
    const other = byNumber.get(number)
    if (other !== undefined) throw new MigrationError(`${name} and ${other} have the same number`)
    byNumber.set(number, name)
    const checksum = checksumOf(sql)
    const known = applied.get(name)
    if (known === undefined) pending.push({ name, checksum, statements: splitStatements(sql) })
    else if (known !== checksum) {
      throw new MigrationError(`${name} has run already and was changed since; add a new file`)
    }
  }
  return pending
}

/**
 * Returns the statements of a file. A statement ends with a semicolon at the end of a line, and a
 * line that begins with `--` is a comment; texts with either inside do not belong in migrations.
 */
export function splitStatements(sql: string): readonly string[] {
  return unixLines(sql)
    .split('\n')
    .filter((line) => !/^\s*--(\s|$)/.test(line))
    .join('\n')
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

function checksumOf(sql: string): string {
  return createHash('sha256').update(unixLines(sql)).digest('hex')
}

/** A checkout on Windows must not look like a change. */
function unixLines(text: string): string {
  return text.replaceAll('\r\n', '\n')
}
