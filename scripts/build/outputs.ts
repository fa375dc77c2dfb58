/** Writing what a build made: only what changed, and each file in one step. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type BuildOptions, build } from 'esbuild'

/**
 * Runs esbuild and writes its files. A running stack that loads them never sees half of one, and
 * files that did not change keep their times.
 * @throws if the sources do not compile
 */
export async function buildTo(options: BuildOptions & { outdir: string }): Promise<void> {
  const { outputFiles } = await build({ ...options, write: false })
  for (const { path, contents } of outputFiles) await writeIfChanged(path, contents)
}

async function writeIfChanged(path: string, contents: Uint8Array): Promise<void> {
  const before = await readFile(path).catch(() => undefined)
  if (before?.equals(contents)) return
  await mkdir(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}.new`
  await writeFile(partial, contents)
  await rename(partial, path)
}
