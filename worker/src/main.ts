/** Entry of the worker process. */

import { readFileSync } from 'node:fs'
import { readWorkerEnv } from './env.ts'
import { createLogger } from './log.ts'
import { startWorker } from './worker.ts'

const result = readWorkerEnv(process.env, (path) => readFileSync(path, 'utf8'))
if ('problems' in result) {
  for (const problem of result.problems) process.stderr.write(`chatgate worker: ${problem}\n`)
  process.exit(1)
}

const { env } = result
const log = createLogger(env.logLevel)

/** After what nobody expected, a fresh process is the only known state. */
function fail(err: unknown): never {
  log.fatal({ err }, 'worker failed')
  process.exit(1)
}
process.on('unhandledRejection', fail)
process.on('uncaughtException', fail)

const worker = await startWorker(env, log).catch(fail)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    worker.stop().then(() => process.exit(0), fail)
  })
}
