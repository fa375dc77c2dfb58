/** npm run bench:gate: see README.md in this folder. */

import { execFileSync } from 'node:child_process'
import { BENCH_PACKAGES } from '../../scripts/root/packages.ts'
import { ensurePrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { inFrame, say, sayScenario } from '../support/benchmark.ts'
import { startNow, writeResult } from '../support/result-file.ts'
import { targetTable } from '../support/target.ts'
import { checkBaselines } from './alike.ts'
import { runClosedLoop } from './closed-loop.ts'
import { runHttp2 } from './http2.ts'
import { runLatency } from './latency.ts'
import { prepareLoads } from './loads.ts'
import { readOptions } from './options.ts'
import { variantTable } from './report.ts'
import type { Bench, ScenarioResult } from './scenario.ts'
import { renewSites, startWorld } from './world.ts'

/** Packages whose versions explain the numbers. */
const NAMED =
  /^(nginx|libnginx-mod-.*|lua-.*|libluajit.*|libqjs.*|redis-server|wrk|nghttp2-client)$/

/** Measures what the command line asks for and shows it. @throws if anything cannot be started */
export async function benchGate(): Promise<void> {
  const options = readOptions()
  const began = startNow(say)
  const { cache, suite } = commandSettings()
  const root = await ensurePrivateRoot(cache, suite, BENCH_PACKAGES, say)
  await inFrame(async ({ folder, atEnd }) => {
    let world = await startWorld(root, folder, say)
    atEnd(() => world.redis.disconnect())
    // What this process does between the runs must not count as the gate's.
    execFileSync('taskset', ['-a', '-c', '-p', world.cpus.load, String(process.pid)])
    const loads = await prepareLoads(world)
    for (const site of [world.quiet, world.logged]) await checkBaselines(site, loads)
    const scenarios: ScenarioResult[] = []
    for (const name of options.scenarios) {
      sayScenario(name)
      world = await renewSites(world)
      const result = await runScenario({ world, loads, options, say }, name, scenarios)
      scenarios.push(result)
      say(variantTable(result))
    }
    const versions = Object.entries(root.versions).filter(([name]) => NAMED.test(name))
    const file = await writeResult('gate', began, {
      options,
      scenarios,
      versions: Object.fromEntries(versions),
      placement: world.cpus,
      sources: ['njs', 'nginx'],
    })
    say(targetTable(scenarios))
    say(`Result: ${file}`)
  })
}

function runScenario(
  bench: Bench,
  name: string,
  earlier: readonly ScenarioResult[],
): Promise<ScenarioResult> {
  if (name === 'latency') return runLatency(bench, earlier)
  if (name === 'http2') return runHttp2(bench)
  return runClosedLoop(bench, name)
}
