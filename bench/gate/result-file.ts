/** The result as a file: everything that was measured, and on what. */

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { BenchOptions } from './options.ts'
import type { ScenarioResult } from './scenario.ts'
import type { World } from './world.ts'

const run = promisify(execFile)

/** Packages whose versions explain the numbers. */
const NAMED =
  /^(nginx|libnginx-mod-.*|lua-.*|libluajit.*|libqjs.*|redis-server|wrk|nghttp2-client)$/

/** When it began, and how busy the machine was then: the load average of the last minute. */
export interface Start {
  readonly at: Date
  readonly load: number
}

/** Returns the start of a benchmark that begins now. */
export function startNow(): Start {
  return { at: new Date(), load: loadavg()[0] ?? 0 }
}

/** Writes the result. */
export async function writeResult(
  file: string,
  world: World,
  options: BenchOptions,
  began: Start,
  scenarios: readonly ScenarioResult[],
): Promise<void> {
  const versions = Object.entries(world.root.versions).filter(([name]) => NAMED.test(name))
  const result = {
    at: began.at.toISOString(),
    seconds: Math.round((Date.now() - began.at.getTime()) / 1000),
    commit: await commit(),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      processors: cpus().length,
      memoryBytes: totalmem(),
      kernel: release(),
      node: process.version,
      placement: world.cpus,
      loadBefore: began.load,
    },
    versions: Object.fromEntries(versions),
    options,
    scenarios,
  }
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`)
}

/** Returns the commit that was measured, with `+` if files differ from it. */
async function commit(): Promise<string> {
  try {
    const { stdout: id } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: CHECKOUT })
    const changes = ['status', '--porcelain', '--', 'njs', 'nginx']
    const { stdout: changed } = await run('git', changes, { cwd: CHECKOUT })
    return id.trim() + (changed === '' ? '' : '+')
  } catch {
    return 'unknown'
  }
}
