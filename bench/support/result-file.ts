/** The result as a file: everything that was measured, and on what. */

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { CommonOptions } from './options.ts'

const run = promisify(execFile)

/** When it began, and how busy the machine was then: the load average of the last minute. */
export interface Start {
  readonly at: Date
  readonly load: number
}

/** Load average above which something else takes part in the measurement. */
const BUSY = 0.5

/** Returns the start of a benchmark that begins now. */
export function startNow(say: (message: string) => void): Start {
  const load = loadavg()[0] ?? 0
  if (load > BUSY) say(`the machine is busy (load ${load.toFixed(1)}); so will the numbers be`)
  return { at: new Date(), load }
}

/** What one benchmark knows of itself. */
export interface Measured {
  readonly options: CommonOptions
  readonly scenarios: readonly object[]
  /** Versions of what took part, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** Which processors did what. */
  readonly placement: unknown
  /** Paths in the checkout whose content is measured. */
  readonly sources: readonly string[]
}

/** Writes the result of the benchmark of this name, and returns the file. */
export async function writeResult(name: string, began: Start, measured: Measured): Promise<string> {
  const { options, scenarios, versions, placement, sources } = measured
  const result = {
    at: began.at.toISOString(),
    seconds: Math.round((Date.now() - began.at.getTime()) / 1000),
    commit: await commit(sources),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      processors: cpus().length,
      memoryBytes: totalmem(),
      kernel: release(),
      node: process.version,
      placement,
      loadBefore: began.load,
    },
    versions,
    options,
    scenarios,
  }
  const file = resultFile(name, options, began)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`)
  return file
}

function resultFile(name: string, { out, whole }: CommonOptions, { at }: Start): string {
  if (out !== undefined) return resolve(out)
  if (!whole) return join(tmpdir(), `chatgate-bench-${name}.json`)
  return join(CHECKOUT, 'bench/results', `${name}-${at.toISOString().slice(0, 10)}.json`)
}

/** Returns the commit that was measured, with `+` if files differ from it. */
async function commit(sources: readonly string[]): Promise<string> {
  try {
    const { stdout: id } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: CHECKOUT })
    const changes = ['status', '--porcelain', '--', ...sources]
    const { stdout: changed } = await run('git', changes, { cwd: CHECKOUT })
    return id.trim() + (changed === '' ? '' : '+')
  } catch {
    return 'unknown'
  }
}
