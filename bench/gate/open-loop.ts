/** Runs the open-loop client as a program of its own, on processors of its own. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { OpenLoopResult, OpenLoopTask } from './open-loop-client.ts'

const run = promisify(execFile)

/** Large enough for a run, so that collecting garbage does not show as latency. */
const YOUNG_SPACE_MB = 128

/** Resolves with what the client measured. */
export async function runOpenLoop(cpus: string, task: OpenLoopTask): Promise<OpenLoopResult> {
  const client = join(CHECKOUT, 'bench/gate/open-loop-client.ts')
  const node = [`--max-semi-space-size=${YOUNG_SPACE_MB}`, '--import', 'tsx', client]
  const words = ['-c', cpus, process.execPath, ...node, JSON.stringify(task)]
  const { stdout } = await run('taskset', words, { cwd: CHECKOUT })
  return JSON.parse(stdout) as OpenLoopResult
}
