/**
 * npm start: brings the whole stack up and stays in the foreground until Ctrl-C.
 * npm start -- --detach: the same in the background; npm stop ends it.
 */

import { startDetached, tellParent } from './stack/detached.ts'
import { CHECKOUT } from './stack/layout.ts'
import { parseOptions } from './stack/options.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'
import { startStack } from './stack/start-stack.ts'
import { welcome } from './stack/welcome.ts'

const HELP = `npm start [-- options]
  --detach   return as soon as everything answers; npm stop ends it
  --help     this text

Settings come from the environment or a .env file; .env.example lists them.`

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const { values } = parseOptions(HELP, { detach: { type: 'boolean' } })
await (values.detach ? startInBackground() : startInForeground()).catch(fail)

async function startInBackground(): Promise<void> {
  loadDotEnv(CHECKOUT)
  await startDetached(await makePlan(process.env))
}

async function startInForeground(): Promise<void> {
  const began = Date.now()
  const say = (text: string) => {
    const line = `[${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s] ${text}`
    console.log(line)
    tellParent({ kind: 'say', text: line })
  }
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort(new StartFailure('The start was interrupted.'))
  for (const signal of STOP_SIGNALS) process.once(signal, interrupt)
  const supervisor = await startStack(plan, say, interrupted.signal)
  const stop = async () => {
    say('stopping')
    await supervisor.stop()
    say('stopped')
    process.exit(0)
  }
  for (const signal of STOP_SIGNALS) process.off(signal, interrupt).once(signal, stop)
  const text = welcome(plan, Date.now() - began)
  console.log(text)
  tellParent({ kind: 'ready', text })
}

function fail(error: unknown): void {
  if (error instanceof Error) tellParent({ kind: 'failed', text: error.message })
  reportFailure(error)
}
