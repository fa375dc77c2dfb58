/** The command for the provider's keys with the worker's own settings: `node worker/dist/key.js list`. */

import { readFileSync } from 'node:fs'
import { readWorkerEnv } from './env.ts'
import { KeyCommandError, runKeyCommand } from './key-command.ts'
import { readKey } from './key-input.ts'

async function main(): Promise<void> {
  const result = readWorkerEnv(process.env, (path) => readFileSync(path, 'utf8'))
  if ('problems' in result) throw new KeyCommandError(result.problems.join('\n'))
  await runKeyCommand(process.argv.slice(2), result.env, {
    say: (line) => process.stdout.write(`${line}\n`),
    readKey: () => readKey(process.stdin, process.stderr),
  })
}

await main().catch((error: unknown) => {
  if (!(error instanceof KeyCommandError)) throw error
  process.stderr.write(`chatgate: ${error.message}\n`)
  process.exitCode = 1
})
