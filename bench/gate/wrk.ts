/** The closed loop: wrk, from the same private root, sends as fast as it is answered. */

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { type Load, rawRequests } from './load.ts'

const run = promisify(execFile)

/** One thread: it shares a processor with the upstream and Redis. */
const CONNECTIONS = '32'

export interface WrkResult {
  readonly requests: number
  readonly us: number
  /** Answers with a status above 399. */
  readonly refused: number
  /** Connections refused, reset or timed out. */
  readonly broken: number
  readonly p50us: number
  readonly p99us: number
}

/** Writes a load to a file for `runWrk`. */
export function writeLoad(file: string, load: Load): Promise<void> {
  const lines = rawRequests(load).map((request) => `  ${JSON.stringify(request)},\n`)
  return writeFile(file, `return {\n${lines.join('')}}\n`, { mode: 0o600 })
}

/** Runs wrk against a port for so many seconds. */
export async function runWrk(
  root: PrivateRoot,
  cpus: string,
  port: number,
  file: string,
  seconds: number,
): Promise<WrkResult> {
  const script = join(CHECKOUT, 'bench/gate/wrk.lua')
  const wrk = root.command('usr/bin/wrk', [
    ...['-t', '1', '-c', CONNECTIONS, '-d', `${seconds}s`, '-s', script],
    ...[`http://127.0.0.1:${port}/`, '--', file],
  ])
  const { stdout } = await run('taskset', ['-c', cpus, wrk.file, ...wrk.args])
  const [line = ''] = stdout.trim().split('\n').slice(-1)
  return JSON.parse(line) as WrkResult
}
