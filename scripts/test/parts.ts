/** The parts of npm test, and selections of them that prove one thing. */

import { ensureBrowser } from '../root/browser.ts'
import { commandSettings } from '../stack/command-settings.ts'
import { CHECKS, runChecks } from './checks.ts'
import { runNodeTests } from './node-tests.ts'
import { sharedStack } from './shared-stack.ts'
import type { Tally } from './tally.ts'

export interface Part {
  readonly name: string
  readonly run: () => Promise<Tally>
}

const UNIT = [
  ...['njs/src', 'worker/src', 'scripts', 'nginx/pages'],
  ...['tests/standin', 'tests/compose', 'bench'],
]

/** Faults that the gate has to bear, and its own check. */
const GATE_FAULTS = /\/(?:bridge|check|gate|nginx-away|proxy-logs|redis-away)[^/]*$/

/** Faults that answers and their bills have to bear. */
const WORKER_FAULTS =
  /\/(?:accounting|answer|logout-spool|mysql-away|settle|sweep|upstream-away|user-copies|worker)[^/]*$/

/** What shows that every answer has exactly one bill, and the right one. */
const BILLS = /\/accounting[^/]*$/

/** What concerns programs and administrators. */
const API = /\/(?:openapi|operation|quota|v1|usage|audit|api)[^/]*$/

/** Everything; together they run each test once. */
const ALL: readonly Part[] = [
  { name: 'checks', run: () => runChecks(CHECKS) },
  unit('unit', UNIT),
  stack('stack', ['tests/gateway', 'tests/worker', 'tests/api']),
  faults('faults'),
  { name: 'pages', run: runPages },
]

/** Selections of what ALL runs anyway, for those who work on one thing. */
const SELECTIONS: Readonly<Record<string, readonly Part[]>> = {
  gate: [
    unit('gate: unit', ['njs/src', 'scripts/check']),
    stack('gate: stack', ['tests/gateway']),
    faults('gate: faults', GATE_FAULTS),
  ],
  worker: [
    unit('worker: unit', ['worker/src']),
    stack('worker: stack', ['tests/worker']),
    faults('worker: faults', WORKER_FAULTS),
  ],
  accounting: [
    unit('accounting: every byte', ['worker/src'], BILLS),
    faults('accounting: faults', BILLS),
  ],
  api: [
    unit('api: unit', ['worker/src/routes', 'worker/src/domain'], API),
    stack('api: stack', ['tests/api']),
    faults('api: faults', API),
  ],
}

/** Names that npm test takes. */
export const NAMES: readonly string[] = [...ALL.map(({ name }) => name), ...Object.keys(SELECTIONS)]

/** Returns the parts of these names; everything if there are none. */
export function partsOf(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return ALL
  return names.flatMap((name) => SELECTIONS[name] ?? ALL.filter((part) => part.name === name))
}

/** @param wanted which files, by their path */
function unit(name: string, folders: readonly string[], wanted = /./): Part {
  return { name, run: () => runNodeTests('unit', folders, {}, wanted) }
}

function faults(name: string, wanted = /./): Part {
  return { name, run: () => runNodeTests('faults', ['tests/faults'], {}, wanted) }
}

function stack(name: string, folders: readonly string[]): Part {
  return { name, run: () => sharedStack((env) => runNodeTests('stack', folders, env)) }
}

async function runPages(): Promise<Tally> {
  const browser = await ensureBrowser(commandSettings().cache, console.log)
  return sharedStack((env) =>
    runNodeTests('pages', ['tests/pages'], {
      ...env,
      CHATGATE_TEST_BROWSER: JSON.stringify(browser),
    }),
  )
}
