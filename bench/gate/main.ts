/** npm run bench:gate: see README.md in this folder. */

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { BENCH_PACKAGES } from '../../scripts/root/packages.ts'
import { ensurePrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { checkBaselines } from './alike.ts'
import { runClosedLoop } from './closed-loop.ts'
import { runHttp2 } from './http2.ts'
import { runLatency } from './latency.ts'
import { prepareLoads } from './loads.ts'
import { type BenchOptions, readOptions } from './options.ts'
import { stopPrograms } from './processes.ts'
import { targetTable, variantTable } from './report.ts'
import { type Start, startNow, writeResult } from './result-file.ts'
import type { Bench, ScenarioResult } from './scenario.ts'
import { startWorld, type World } from './world.ts'

/** Load average above which something else takes part in the measurement. */
const BUSY = 0.5

/** Measures what the command line asks for and shows it. @throws if anything cannot be started */
export async function benchGate(): Promise<void> {
  const options = readOptions()
  const began = startNow()
  const { cache, suite } = commandSettings()
  const root = await ensurePrivateRoot(cache, suite, BENCH_PACKAGES, say)
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-bench-'))
  if (began.load > BUSY)
    say(`the machine is busy (load ${began.load.toFixed(1)}); so will the numbers be`)
  let world: World | undefined
  const stop = async () => {
    world?.redis.disconnect()
    await stopPrograms()
    await rm(folder, { recursive: true, force: true })
  }
  const interrupted = () => void stop().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    world = await startWorld(root, folder, say)
    // What this process does between the runs must not count as the gate's.
    execFileSync('taskset', ['-a', '-c', '-p', world.cpus.load, String(process.pid)])
    const loads = await prepareLoads(world)
    for (const site of [world.quiet, world.logged]) await checkBaselines(site, loads)
    const bench = { world, loads, options, say }
    const results: ScenarioResult[] = []
    for (const name of options.scenarios) {
      say(`\n── ${name} ${'─'.repeat(88 - name.length)}`)
      const result = await runScenario(bench, name, results)
      results.push(result)
      say(variantTable(result))
    }
    const file = resultFile(options, began)
    await writeResult(file, world, options, began, results)
    say(targetTable(results))
    say(`Result: ${file}`)
  } finally {
    await stop()
  }
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

function resultFile({ out, whole }: BenchOptions, { at }: Start): string {
  if (out !== undefined) return resolve(out)
  if (!whole) return join(tmpdir(), 'chatgate-bench-gate.json')
  return join(CHECKOUT, 'bench/results', `gate-${at.toISOString().slice(0, 10)}.json`)
}

function say(message: string): void {
  console.log(message)
}
