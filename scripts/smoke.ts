/**
 * npm run smoke: walks a person's way and the gate's promises through TLS against the running stack,
 * and prints each step. Uses the default account; ends with code 1 at the first step that fails.
 */

import { Client } from '../tests/support/client.ts'
import { walkAdmin } from './smoke/admin.ts'
import { walkAnswer } from './smoke/answer.ts'
import { walkGate } from './smoke/gate.ts'
import { walkSignIn, walkSignOut } from './smoke/sign-in.ts'
import { createSteps } from './smoke/steps.ts'
import { CHECKOUT } from './stack/layout.ts'
import { parseOptions } from './stack/options.ts'
import { makePlan } from './stack/plan.ts'
import { readProcessTable } from './stack/process-table.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'

const HELP = `npm run smoke: walks a person's way through the running stack and prints each step.
Uses the default account and, for a minute, up its limit of messages.`

async function smoke(): Promise<void> {
  parseOptions(HELP, {})
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  if (readProcessTable(plan.layout.processes) === undefined) {
    throw new StartFailure('Chatgate is not running. Start it with: npm start -- --detach')
  }
  const client = new Client(plan)
  const step = createSteps()
  try {
    await walkSignIn(plan, client, step)
    const requestId = await walkAnswer(client, step)
    await walkAdmin(plan, client, step, requestId)
    await walkGate(plan, client, step)
    await walkSignOut(client, step)
  } finally {
    client.close()
  }
  console.log(`\n${step.count} steps, all as they should be.`)
}

await smoke().catch(reportFailure)
