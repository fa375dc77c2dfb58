/** Builds what the worker image brings along: the worker, and the programs around it. */

import { join } from 'node:path'
import { buildWorker } from '../build/all.ts'
import { buildTo } from '../build/bundle.ts'
import { CHECKOUT } from '../stack/layout.ts'

/** Whole programs: the image has the worker's packages only. */
function buildPrograms(): Promise<void> {
  const folder = join(CHECKOUT, 'scripts/container')
  return buildTo({
    entryPoints: [join(folder, 'init.ts'), join(folder, 'worker-health.ts')],
    outdir: join(CHECKOUT, 'worker/dist'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Bundled CommonJS packages ask for Node's modules by require().
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
}

await Promise.all([buildWorker(), buildPrograms()])
