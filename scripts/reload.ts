/** npm run reload: renders and checks nginx's configuration, then lets nginx take it over. */

import { readFileSync } from 'node:fs'
import { buildGate } from './build/all.ts'
import { CHECKOUT } from './stack/layout.ts'
import { renderNginx } from './stack/nginx-configuration.ts'
import { parseOptions } from './stack/options.ts'
import { makePlan } from './stack/plan.ts'
import { isRunning, readProcessTable } from './stack/process-table.ts'
import { waitFor } from './stack/readiness.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'
import { nginxParts, openRoot } from './stack/start-stack.ts'

const NEW_PROCESSES_MS = 10_000

const HELP =
  'npm run reload: checks the nginx configuration and lets the running nginx take it over.'

async function reload(): Promise<void> {
  parseOptions(HELP, {})
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  const nginx = readProcessTable(plan.layout.processes)?.services['nginx']
  if (nginx === undefined || !isRunning(nginx)) throw new StartFailure('nginx is not running.')
  const root = await openRoot(plan, console.log)
  await buildGate()
  await renderNginx(root, await nginxParts(plan))
  const before = childrenOf(nginx.pid)
  process.kill(nginx.pid, 'SIGHUP')
  await waitFor(async () => {
    const now = childrenOf(nginx.pid)
    if (now.every((pid) => before.includes(pid))) {
      throw new StartFailure('nginx did not start new processes; see its log.')
    }
    // New processes begin a moment before the old ones cease to take requests.
    if (now.some((pid) => before.includes(pid) && !isShuttingDown(pid))) {
      throw new StartFailure('Old processes of nginx go on; see its log.')
    }
  }, NEW_PROCESSES_MS)
  console.log('nginx runs with the new configuration; running answers are finished by the old one.')
}

function childrenOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter((child) => child !== '')
}

/** nginx says so in its title; a process that is gone has shut down. */
function isShuttingDown(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('is shutting down')
  } catch {
    return true
  }
}

await reload().catch(reportFailure)
