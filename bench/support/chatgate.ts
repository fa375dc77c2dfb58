/** Chatgate as benchmarks start it, and what answers it instead of the model. */

import { join } from 'node:path'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { makePlan, type Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { baseEnvironment } from '../../scripts/stack/service.ts'
import { startStack } from '../../scripts/stack/start-stack.ts'
import type { Supervisor } from '../../scripts/stack/supervisor.ts'
import { testEnvironment } from '../../tests/support/own-stack.ts'
import type { Frame } from './benchmark.ts'
import { Program } from './processes.ts'

/** Any will do. */
export const API_KEY = 'sk-bench-0123456789'

const READY_MS = 20_000

/** So high that everybody is admitted; everything else is as in production. */
const SETTINGS: Readonly<Record<string, string>> = {
  GATE_FLOOD: 'off',
  GATE_LIMIT_CHAT: '"chat";q=2000;w=1',
  GATE_LIMIT_STREAMS: '2000',
}

/** Starts the whole stack; the frame's end stops it, also half-way. @param modelUrl of whom answers come */
export async function startChatgate({ folder, atEnd }: Frame, modelUrl: string): Promise<Plan> {
  const model = { DEEPSEEK_API_KEY: API_KEY, DEEPSEEK_BASE_URL: modelUrl }
  const plan = await makePlan(
    await testEnvironment(join(folder, 'data'), { ...SETTINGS, ...model }),
  )
  const starting = new AbortController()
  const started = startStack(plan, () => undefined, starting.signal)
  let supervisor: Supervisor | undefined
  atEnd(async () => {
    if (supervisor === undefined) starting.abort()
    // A start that is broken off has stopped what it had started.
    await started.then((whole) => whole.stop()).catch(() => undefined)
  })
  supervisor = await started
  return plan
}

/** Starts what answers as DeepSeek does. @param main path in the checkout */
export async function startServer(main: string, port: number, log: string): Promise<Program> {
  const command = {
    file: process.execPath,
    args: ['--import', 'tsx', join(CHECKOUT, main)],
    env: { ...baseEnvironment(), STANDIN_PORT: String(port) },
    cwd: CHECKOUT,
  }
  const program = await Program.start(command, log, undefined)
  const headers = { authorization: `Bearer ${API_KEY}` }
  await waitFor(() => fetch(`http://127.0.0.1:${port}/models`, { headers }), READY_MS)
  return program
}
