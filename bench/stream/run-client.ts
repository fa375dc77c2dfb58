/** Runs the client as a program of its own. */

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { ClientResult, ClientTask } from './client-task.ts'

const run = promisify(execFile)

/** Large enough for a run, so that collecting garbage does not show as latency. */
const YOUNG_SPACE_MB = 64

/**
 * Resolves with what the client measured.
 * @param file takes the task, which holds session cookies
 */
export async function runClient(task: ClientTask, file: string): Promise<ClientResult> {
  await writeFile(file, JSON.stringify(task), { mode: 0o600 })
  const client = join(CHECKOUT, 'bench/stream/client.ts')
  const node = [`--max-semi-space-size=${YOUNG_SPACE_MB}`, '--import', 'tsx', client, file]
  const running = run(process.execPath, node, { cwd: CHECKOUT })
  const end = () => running.child.kill()
  process.once('exit', end)
  try {
    return JSON.parse((await running).stdout) as ClientResult
  } finally {
    process.off('exit', end)
  }
}
