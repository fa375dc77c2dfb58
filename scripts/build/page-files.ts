/** Writing what nginx serves: only what changed, each file in one step, compressed beside it. */

import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { writeIfChanged } from './write-if-changed.ts'

/** How long an asset that no page names any more stays for those who have an old page open, ms. */
const KEEP_OLD_ASSETS_MS = 24 * 3600 * 1000

/** Writes a file and, for gzip_static, its compressed form. */
export async function writeCompressed(path: string, contents: Uint8Array): Promise<void> {
  await writeIfChanged(`${path}.gz`, gzipSync(contents, { level: 9 }))
  await writeIfChanged(path, contents)
}

/** Removes the assets that are not in `current` and were written more than a day ago. */
export async function pruneAssets(folder: string, current: ReadonlySet<string>): Promise<void> {
  const oldest = Date.now() - KEEP_OLD_ASSETS_MS
  for (const name of await readdir(folder)) {
    if (current.has(name.replace(/\.gz$/, ''))) continue
    const path = join(folder, name)
    const { mtimeMs } = await stat(path)
    if (mtimeMs < oldest) await rm(path)
  }
}
