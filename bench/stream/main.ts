/** npm run bench:stream: see README.md in this folder. */

import { inFrame, say, sayScenario } from '../support/benchmark.ts'
import { startNow, writeResult } from '../support/result-file.ts'
import { targetTable } from '../support/target.ts'
import { runClosedLoop, warmUp } from './closed-loop.ts'
import { runCrowd } from './crowd.ts'
import { readOptions } from './options.ts'
import { PEER_VERSIONS } from './peer.ts'
import { variantTable } from './report.ts'
import type { ScenarioResult } from './scenario.ts'
import { startWorld } from './world.ts'

/** Packages whose versions explain the numbers. */
const NAMED = /^(nginx|libnginx-mod-.*|libqjs.*|redis-server|mysql-server-core.*)$/

/** Measures what the command line asks for and shows it. @throws if anything cannot be started */
export async function benchStream(): Promise<void> {
  const options = readOptions()
  const began = startNow(say)
  await inFrame(async (frame) => {
    const world = await startWorld(frame, say)
    const bench = { world, options, say }
    say('warming up')
    await warmUp(bench)
    const scenarios: ScenarioResult[] = []
    for (const name of options.scenarios) {
      sayScenario(name)
      const result = await (name === 'crowd' ? runCrowd(bench) : runClosedLoop(bench, name))
      scenarios.push(result)
      say(variantTable(result))
    }
    const packages = Object.entries(world.root.versions).filter(([name]) => NAMED.test(name))
    const file = await writeResult('stream', began, {
      options,
      scenarios,
      versions: { ...Object.fromEntries(packages), ...PEER_VERSIONS },
      placement: 'every program may use every processor',
      sources: ['njs', 'nginx', 'worker', 'mysql'],
    })
    say(targetTable(scenarios))
    say(`Result: ${file}`)
  })
}
