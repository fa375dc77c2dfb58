/** npm run check: looks at settings and nginx's configuration before anything is started with them. */

import { examine } from './check/examination.ts'
import { SETTING_NAMES } from './check/operator-settings.ts'
import { formatProblem } from './check/problem.ts'
import { CHECKOUT } from './stack/layout.ts'
import type { NginxReport } from './stack/nginx-configuration.ts'
import { parseOptions } from './stack/options.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure } from './stack/start-failure.ts'

const HELP = `npm run check [-- --json]
  --json   one JSON object instead of lines
Looks at the settings (.env and environment) and at nginx's configuration as a start would use them,
and lists every problem with its file and line. Starts nothing. Exit code 1 if there is any problem.`

async function check(): Promise<void> {
  const { values } = parseOptions(HELP, { json: { type: 'boolean' } })
  const environment = { ...process.env }
  loadDotEnv(CHECKOUT)
  const { problems, nginx } = await examine(environment, console.error)
  if (problems.length > 0 || nginx === undefined) process.exitCode = 1
  if (values.json) {
    console.log(JSON.stringify({ problems, checked: nginx && checkedIn(nginx) }))
    return
  }
  for (const problem of problems) console.error(formatProblem(problem))
  if (problems.length > 0)
    console.log(problems.length === 1 ? '1 problem.' : `${problems.length} problems.`)
  else if (nginx !== undefined) console.log(inOrder(nginx))
}

function inOrder(nginx: NginxReport): string {
  const { versions, ...counts } = checkedIn(nginx)
  const { settings, guardedLocations, policies, handlers } = counts
  return [
    `Everything is in order: ${settings} settings, ${guardedLocations} guarded locations,`,
    `${policies} policies, ${handlers} handlers; nginx ${versions.nginx}, njs ${versions.njs}.`,
  ].join(' ')
}

function checkedIn({ guardedLocations, policies, handlers, versions }: NginxReport) {
  return { settings: SETTING_NAMES.length, guardedLocations, policies, handlers, versions }
}

await check().catch(reportFailure)
