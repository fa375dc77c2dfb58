/** npm run dev: starts the stack, then builds again and restarts or reloads what changed. */

import { watch } from 'node:fs'
import { join } from 'node:path'
import { buildGate, buildWorker } from './build/all.ts'
import { buildPages } from './build/pages.ts'
import { CHECKOUT } from './stack/layout.ts'
import { renderNginx } from './stack/nginx-configuration.ts'
import { parseOptions } from './stack/options.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'
import { nginxParts, openRoot, startStack } from './stack/start-stack.ts'
import type { Supervisor } from './stack/supervisor.ts'
import { welcome } from './stack/welcome.ts'

/** Editors write a file in several steps; what changes within this time is one change. */
const QUIET_MS = 150

const HELP = 'npm run dev: like npm start, and builds and reloads what changes.'

async function dev(): Promise<void> {
  parseOptions(HELP, {})
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort(new StartFailure('The start was interrupted.'))
  process.once('SIGINT', interrupt)
  const began = Date.now()
  const supervisor = await startStack(plan, console.log, interrupted.signal)
  console.log(welcome(plan, Date.now() - began))
  process.off('SIGINT', interrupt).once('SIGINT', async () => {
    await supervisor.stop()
    process.exit(0)
  })
  const reloadNginx = async () => {
    await buildGate()
    await renderNginx(await openRoot(plan, console.log), await nginxParts(plan))
    supervisor.signal('nginx', 'SIGHUP')
  }
  onChange('njs/src', reloadNginx)
  for (const folder of ['conf.d', 'servers', 'snippets', 'templates']) {
    onChange(`nginx/${folder}`, reloadNginx)
  }
  onChange('nginx/pages', buildPages)
  onChange('worker/src', () => restartWorker(supervisor))
}

async function restartWorker(supervisor: Supervisor): Promise<void> {
  await buildWorker()
  supervisor.signal('worker', 'SIGTERM')
}

function onChange(folder: string, act: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined
  watch(join(CHECKOUT, folder), { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      act().then(
        () => console.log(`${folder} changed: done`),
        (error: Error) => console.error(`${folder} changed: ${error.message}`),
      )
    }, QUIET_MS)
  })
}

await dev().catch(reportFailure)
