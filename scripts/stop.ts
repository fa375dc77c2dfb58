/** npm stop: ends the stack of the data folder, gracefully; also what a killed start left behind. */

import { commandSettings } from './stack/command-settings.ts'
import { CHECKOUT, makeLayout } from './stack/layout.ts'
import { parseOptions } from './stack/options.ts'
import {
  endLeftovers,
  endProcess,
  isRunning,
  readProcessTable,
  removeProcessTable,
} from './stack/process-table.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure } from './stack/start-failure.ts'

/** Longer than all services together may take to stop, the longest WORKER_GRACE included. */
const STOP_MS = 720_000
const LEFTOVER_STOP_MS = 20_000

const HELP = 'npm stop: ends the stack of the data folder, gracefully.'

async function stop(): Promise<void> {
  parseOptions(HELP, {})
  loadDotEnv(CHECKOUT)
  const { processes, data } = makeLayout(commandSettings().data)
  const table = readProcessTable(processes)
  if (table === undefined) {
    console.log('Chatgate is not running.')
    return
  }
  if (isRunning(table.supervisor)) await endProcess(table.supervisor, 'SIGTERM', STOP_MS)
  await endLeftovers(table, data, LEFTOVER_STOP_MS)
  removeProcessTable(processes)
  console.log('Chatgate has stopped.')
}

await stop().catch(reportFailure)
