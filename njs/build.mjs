/**
 * Bundles the gate (http) and the bridge (stream) for nginx's QuickJS engine into njs/dist. Not
 * minified, so that line numbers in nginx's error log mean something.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))

/** esbuild's settings for code that runs inside nginx; tests build their own handlers with them. */
export const njsBuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  external: ['crypto', 'fs', 'querystring', 'zlib', 'xml'],
  charset: 'utf8',
  loader: { '.lua': 'text' },
  logLevel: 'warning',
}

/** Builds both bundles into `outdir`. Throws if the sources do not compile. */
export async function buildNjs(outdir = join(here, 'dist')) {
  await build({
    ...njsBuildOptions,
    entryPoints: [join(here, 'src/gate.ts'), join(here, 'src/bridge.ts')],
    outdir,
  })
}
