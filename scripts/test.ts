/**
 * npm test: everything, on a machine with nothing installed. npm test -- unit|types|… runs one part.
 * The last line is `N passed, N failed`; the exit code is 1 if anything failed.
 */

import { parseArgs } from 'node:util'
import { ensureBrowser } from './root/browser.ts'
import { commandSettings } from './stack/command-settings.ts'
import { CHECKS, runChecks } from './test/checks.ts'
import { runNodeTests } from './test/node-tests.ts'
import { sharedStack } from './test/shared-stack.ts'
import type { Tally } from './test/tally.ts'

const PARTS: Readonly<Record<string, () => Promise<Tally>>> = {
  checks: () => runChecks(CHECKS),
  unit: () =>
    runNodeTests('unit', [
      'njs/src',
      'worker/src',
      'scripts',
      'nginx/pages',
      'tests/standin',
      'tests/compose',
    ]),
  stack: () => sharedStack((env) => runNodeTests('stack', ['tests/gateway', 'tests/worker'], env)),
  faults: () => runNodeTests('faults', ['tests/faults']),
  pages: async () => {
    const browser = await ensureBrowser(commandSettings().cache, console.log)
    return sharedStack((env) =>
      runNodeTests('pages', ['tests/pages'], {
        ...env,
        CHATGATE_TEST_BROWSER: JSON.stringify(browser),
      }),
    )
  },
}

const { positionals } = parseArgs({ allowPositionals: true })
const names = positionals.length > 0 ? positionals : Object.keys(PARTS)
const unknown = names.filter((name) => PARTS[name] === undefined)
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; parts: ${Object.keys(PARTS).join(', ')}.`)
  process.exit(2)
}

const total: Tally = { passed: 0, failed: 0 }
for (const name of names) {
  const began = Date.now()
  console.log(`\n── ${name} ${'─'.repeat(90 - name.length)}`)
  const tally = await run(name)
  total.passed += tally.passed
  total.failed += tally.failed
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`${name}: ${tally.passed} passed, ${tally.failed} failed (${seconds} s)`)
}
if (total.failed > 0) process.exitCode = 1
console.log(`\n${total.passed} passed, ${total.failed} failed`)

async function run(name: string): Promise<Tally> {
  try {
    return (await PARTS[name]?.()) ?? { passed: 0, failed: 1 }
  } catch (error) {
    console.error(error)
    return { passed: 0, failed: 1 }
  }
}
