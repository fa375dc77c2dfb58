/** npm run bench:usage: see README.md in this folder. */

import { inFrame, say, sayScenario } from '../support/benchmark.ts'
import { startNow, writeResult } from '../support/result-file.ts'
import { targetTable } from '../support/target.ts'
import { runChat } from './chat.ts'
import { readOptions } from './options.ts'
import { runReads } from './reads.ts'
import type { ScenarioResult } from './scenario.ts'
import { startWorld } from './world.ts'

/** Packages whose versions explain the numbers. */
const NAMED = /^(nginx|libnginx-mod-.*|libqjs.*|redis-server|mysql-server-core.*)$/

/** Measures what the command line asks for and shows it. @throws if anything cannot be started */
export async function benchUsage(): Promise<void> {
  const options = readOptions()
  const began = startNow(say)
  await inFrame(async (frame) => {
    const world = await startWorld(frame, options, say)
    const bench = { world, options, say }
    const scenarios: ScenarioResult[] = []
    for (const name of options.scenarios) {
      sayScenario(name)
      scenarios.push(await (name === 'reads' ? runReads(bench) : runChat(bench)))
    }
    const packages = Object.entries(world.root.versions).filter(([name]) => NAMED.test(name))
    const file = await writeResult('usage', began, {
      options,
      scenarios: [{ name: 'generated', ...world.generated }, ...scenarios],
      versions: Object.fromEntries(packages),
      placement: 'every program may use every processor',
      sources: ['njs', 'nginx', 'worker', 'mysql'],
    })
    say(targetTable(scenarios))
    say(`Result: ${file}`)
  })
}
