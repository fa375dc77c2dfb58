/** npm run usage -- recompute …: compares the sums of usage with its calls, and repairs them. */

import { Failure } from '../worker/src/failure.ts'
import { usageCommand } from '../worker/src/usage-command.ts'
import { CHECKOUT } from './stack/layout.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'

async function usage(): Promise<void> {
  loadDotEnv(CHECKOUT)
  const { worker } = await makePlan(process.env)
  try {
    process.exitCode = await usageCommand(worker.mysql, process.argv.slice(2), console.log)
  } catch (error) {
    if (error instanceof Failure) throw new StartFailure('MySQL cannot be reached.')
    throw error
  }
}

await usage().catch(reportFailure)
