/** Everything that is built before a stack can run. */

import { join } from 'node:path'
import { njsBuildOptions, njsEntryPoints, njsOutdir } from '../../njs/build.mjs'
import { CHECKOUT } from '../stack/layout.ts'
import { buildTo } from './bundle.ts'
import { buildPages } from './pages.ts'

/** Builds gate, bridge, worker, stand-in and pages. */
export async function buildAll(): Promise<void> {
  await Promise.all([buildGate(), buildWorker(), buildStandin(), buildPages()])
}

/** Bundles what runs inside nginx. */
export function buildGate(): Promise<void> {
  return buildTo({ ...njsBuildOptions, entryPoints: njsEntryPoints, outdir: njsOutdir })
}

/** Bundles the worker and the commands beside it; npm packages stay outside, one of them is native. */
export function buildWorker(): Promise<void> {
  const entries = ['main', 'usage', 'key'].map((name) => `worker/src/${name}.ts`)
  return buildNode(entries, 'worker/dist')
}

/** Bundles the stand-in for DeepSeek. */
export function buildStandin(): Promise<void> {
  return buildNode(['tests/standin/main.ts'], 'tests/standin/dist')
}

function buildNode(entries: readonly string[], outdir: string): Promise<void> {
  return buildTo({
    entryPoints: entries.map((entry) => join(CHECKOUT, entry)),
    outdir: join(CHECKOUT, outdir),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
  })
}
