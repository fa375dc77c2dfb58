/**
 * npm test: everything, on a machine with nothing installed. npm test -- unit|stack|… runs one part,
 * npm run test:gate, test:worker and test:accounting what proves one thing. The last line is
 * `N passed, N failed`; the exit code is 1 if anything failed.
 */

import { parseArgs } from 'node:util'
import { NAMES, type Part, partsOf } from './test/parts.ts'
import type { Tally } from './test/tally.ts'

const { positionals } = parseArgs({ allowPositionals: true })
const unknown = positionals.filter((name) => !NAMES.includes(name))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; parts: ${NAMES.join(', ')}.`)
  process.exit(2)
}

const total: Tally = { passed: 0, failed: 0 }
for (const part of partsOf(positionals)) {
  const began = Date.now()
  console.log(`\n── ${part.name} ${'─'.repeat(90 - part.name.length)}`)
  const tally = await run(part)
  total.passed += tally.passed
  total.failed += tally.failed
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`${part.name}: ${tally.passed} passed, ${tally.failed} failed (${seconds} s)`)
}
if (total.failed > 0) process.exitCode = 1
console.log(`\n${total.passed} passed, ${total.failed} failed`)

async function run(part: Part): Promise<Tally> {
  try {
    return await part.run()
  } catch (error) {
    console.error(error)
    return { passed: 0, failed: 1 }
  }
}
