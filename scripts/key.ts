/** npm run key -- add|list|…: the worker's command for the provider's keys, with the settings of the stack. */

import { KeyCommandError, runKeyCommand } from '../worker/src/key-command.ts'
import { readKey } from '../worker/src/key-input.ts'
import { CHECKOUT } from './stack/layout.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'

async function key(): Promise<void> {
  loadDotEnv(CHECKOUT)
  const { worker } = await makePlan(process.env)
  await runKeyCommand(process.argv.slice(2), worker, {
    say: console.log,
    readKey: () => readKey(process.stdin, process.stderr),
  }).catch((error: unknown) => {
    throw error instanceof KeyCommandError ? new StartFailure(error.message) : error
  })
}

await key().catch(reportFailure)
