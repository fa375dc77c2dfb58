/** npm run logs -- [part] [--follow] [--lines N]: the logs of the running stack. */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { commandSettings } from './stack/command-settings.ts'
import { CHECKOUT, makeLayout } from './stack/layout.ts'
import { parseOptions } from './stack/options.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'

const HELP = `npm run logs -- [part …] [options]
  part          nginx, access, worker, mysql, redis, standin; all of them if none is named
  -f, --follow  go on showing what is added
  -n, --lines N begin with the last N lines (100)`

function logs(): void {
  const { values, positionals } = parseOptions(
    HELP,
    {
      follow: { type: 'boolean', short: 'f' },
      lines: { type: 'string', short: 'n', default: '100' },
    },
    true,
  )
  loadDotEnv(CHECKOUT)
  const folder = makeLayout(commandSettings().data).logs
  const known = readdirSync(folder).map((file) => file.replace(/\.log$/, ''))
  const names = positionals.length > 0 ? positionals : known
  for (const name of names) {
    if (!known.includes(name)) {
      throw new StartFailure(
        `There is no log of "${name}"; there are: ${known.join(', ') || 'none'}.`,
      )
    }
  }
  if (!/^\d{1,9}$/.test(values.lines)) throw new StartFailure('--lines must be a number.')
  const files = names.map((name) => join(folder, `${name}.log`)).filter((file) => existsSync(file))
  const args = ['-n', values.lines, ...(values.follow ? ['-F'] : []), ...files]
  spawn('tail', args, { stdio: 'inherit' }).once('exit', (code) => {
    process.exitCode = code ?? 0
  })
}

try {
  logs()
} catch (error) {
  reportFailure(error)
}
