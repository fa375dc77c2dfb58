/** One stack for many test files. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOMY, testEnvironment } from '../../tests/support/own-stack.ts'
import { SHARED_STACK } from '../../tests/support/test-stack.ts'
import { makePlan } from '../stack/plan.ts'
import { startStack } from '../stack/start-stack.ts'
import type { Tally } from './tally.ts'

/** Starts a stack, runs `work` with the variables that lead to it, and stops it. */
export async function sharedStack(
  work: (env: Readonly<Record<string, string>>) => Promise<Tally>,
): Promise<Tally> {
  const data = await mkdtemp(join(tmpdir(), 'chatgate-test-'))
  const environment = await testEnvironment(data, ROOMY)
  const say = (message: string) => console.log(`   ${message}`)
  const interrupted = new AbortController()
  const supervisor = await startStack(await makePlan(environment), say, interrupted.signal)
  try {
    return await work({ [SHARED_STACK]: JSON.stringify(environment) })
  } finally {
    await supervisor.stop()
    await rm(data, { recursive: true, force: true })
  }
}
