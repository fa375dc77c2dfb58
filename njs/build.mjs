/**
 * How the gate (http) and the bridge (stream) are bundled for nginx's QuickJS engine. Not minified,
 * so that line numbers in nginx's error log mean something.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const { version } = JSON.parse(readFileSync(join(here, '../package.json'), 'utf8'))

/**
 * esbuild's settings for code that runs inside nginx.
 * @type {import('esbuild').BuildOptions}
 */
export const njsBuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  external: ['crypto', 'fs', 'querystring', 'zlib', 'xml'],
  charset: 'utf8',
  loader: { '.lua': 'text' },
  define: { CHATGATE_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
}

/** The files whose default exports nginx.conf names. */
export const njsEntryPoints = [join(here, 'src/gate.ts'), join(here, 'src/bridge.ts')]

/** Where nginx loads them from. */
export const njsOutdir = join(here, 'dist')
