/** Entry of the program beside the worker: `node worker/dist/usage.js recompute …`, in its container. */

import { readFileSync } from 'node:fs'
import { readWorkerEnv } from './env.ts'
import { Failure } from './failure.ts'
import { usageCommand } from './usage-command.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)
const result = readWorkerEnv(process.env, (path) => readFileSync(path, 'utf8'))
if ('problems' in result) {
  for (const problem of result.problems) process.stderr.write(`chatgate usage: ${problem}\n`)
  process.exit(1)
}
try {
  process.exitCode = await usageCommand(result.env.mysql, process.argv.slice(2), print)
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stderr.write('chatgate usage: MySQL cannot be reached\n')
  process.exitCode = 1
}
