/** Checks that look at the sources without running them; each counts as one test. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { CHECKOUT } from '../stack/layout.ts'
import type { Tally } from './tally.ts'

interface Check {
  readonly name: string
  /** A program of node_modules/.bin and its arguments. */
  readonly command: readonly string[]
}

export const CHECKS: readonly Check[] = [
  // Formatting, lint, and the one direction of imports (the overrides in biome.json).
  {
    name: 'format, lint and import walls',
    command: ['biome', 'ci', '--error-on-warnings', '--colors=off', '.'],
  },
  { name: 'types: worker, scripts, tests', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'types: gate', command: ['tsc', '-p', 'njs/tsconfig.json'] },
  {
    name: 'types: contract and domain without any host',
    command: ['tsc', '-p', 'njs/tsconfig.pure.json'],
  },
  { name: 'types: pages', command: ['tsc', '-p', 'nginx/pages/tsconfig.json'] },
]

/** Runs the checks one after the other and prints the output of those that fail. */
export async function runChecks(checks: readonly Check[]): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0 }
  for (const { name, command } of checks) {
    const [program = '', ...args] = command
    const path = join(CHECKOUT, 'node_modules/.bin', program)
    const { status, stdout, stderr } = spawnSync(path, args, {
      cwd: CHECKOUT,
      encoding: 'utf8',
    })
    const passed = status === 0
    console.log(`${passed ? '✔' : '✖'} ${name}`)
    if (!passed) console.log(stdout + stderr)
    tally[passed ? 'passed' : 'failed'] += 1
  }
  return tally
}
