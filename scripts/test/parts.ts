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

/** Everything; together they run each test once. */
const ALL: readonly Part[] = [
  { name: 'checks', run: () => runChecks(CHECKS) },
  unit('unit', UNIT),
  stack('stack', ['tests/gateway', 'tests/worker']),
  { name: 'faults', run: () => runNodeTests('faults', ['tests/faults']) },
  { name: 'pages', run: runPages },
]

/** Selections of what ALL runs anyway, for those who work on one thing. */
const SELECTIONS: Readonly<Record<string, readonly Part[]>> = {
  gate: [
    unit('gate: unit', ['njs/src', 'scripts/check']),
    stack('gate: stack', ['tests/gateway']),
    { name: 'gate: faults', run: () => runNodeTests('faults', ['tests/faults'], {}, GATE_FAULTS) },
  ],
}

/** Names that npm test takes. */
export const NAMES: readonly string[] = [...ALL.map(({ name }) => name), ...Object.keys(SELECTIONS)]

/** Returns the parts of these names; everything if there are none. */
export function partsOf(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return ALL
  return names.flatMap((name) => SELECTIONS[name] ?? ALL.filter((part) => part.name === name))
}

function unit(name: string, folders: readonly string[]): Part {
  return { name, run: () => runNodeTests('unit', folders) }
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
