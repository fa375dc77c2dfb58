/** A folder for one test file, gone when the file's process ends. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Returns the path of a new empty folder. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chatgate-test-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
