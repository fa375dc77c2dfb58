/** esbuild, with its files written in one step each. */

import { type BuildOptions, build } from 'esbuild'
import { writeIfChanged } from './write-if-changed.ts'

/**
 * Bundles and writes what changed.
 * @throws if the sources do not compile
 */
export async function buildTo(options: BuildOptions & { outdir: string }): Promise<void> {
  const { outputFiles } = await build({ ...options, write: false })
  for (const { path, contents } of outputFiles) await writeIfChanged(path, contents)
}
