/** Writing what a build made: only what changed, and each file in one step. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes the file unless it already holds these bytes. A running stack that loads it never sees half
 * of it, and a file that did not change keeps its time.
 */
export async function writeIfChanged(path: string, contents: Uint8Array): Promise<void> {
  const before = await readFile(path).catch(() => undefined)
  if (before?.equals(contents)) return
  await mkdir(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}.new`
  await writeFile(partial, contents)
  await rename(partial, path)
}
