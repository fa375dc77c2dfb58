/** npm run status: which parts run, and whether the whole answers. Exit code 3 if it does not. */

import { request } from 'node:https'
import { commandSettings } from './stack/command-settings.ts'
import { CHECKOUT, makeLayout } from './stack/layout.ts'
import { parseOptions } from './stack/options.ts'
import { isRunning, type ProcessTable, readProcessTable } from './stack/process-table.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure } from './stack/start-failure.ts'

const ASK_TIMEOUT_MS = 2000
/** As in the LSB: the program is not running. */
const NOT_RUNNING = 3

const HELP = `npm run status [-- --json]
  --json   one JSON object instead of lines
Exit code 3 if the stack does not run or does not answer.`

async function status(): Promise<void> {
  const { values } = parseOptions(HELP, { json: { type: 'boolean' } })
  loadDotEnv(CHECKOUT)
  const settings = commandSettings()
  const table = readProcessTable(makeLayout(settings.data).processes)
  const parts = table === undefined ? [] : partsOf(table)
  const answers = table !== undefined && (await isHealthy(settings.httpsPort))
  const running = answers && parts.every((part) => part.running)
  if (values.json) console.log(JSON.stringify({ running, url: table?.url ?? null, parts }))
  else if (table === undefined) console.log('Chatgate is not running. Start it with: npm start')
  else {
    for (const { name, pid, running: alive } of parts) {
      console.log(`${name.padEnd(12)}${alive ? 'running' : 'ENDED  '}  pid ${pid}`)
    }
    console.log(answers ? `\n${table.url} answers.` : `\n${table.url} does NOT answer.`)
  }
  if (!running) process.exitCode = NOT_RUNNING
}

function partsOf({ supervisor, services }: ProcessTable) {
  return Object.entries({ supervisor, ...services }).map(([name, entry]) => ({
    name,
    pid: entry.pid,
    running: isRunning(entry),
  }))
}

/** Through TLS, as a client would; the certificate is not judged here. */
function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false }
    const ask = request({ ...options, timeout: ASK_TIMEOUT_MS }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ask.once('timeout', () => ask.destroy(new Error('no answer')))
    ask.once('error', () => resolve(false))
    ask.end()
  })
}

await status().catch(reportFailure)
