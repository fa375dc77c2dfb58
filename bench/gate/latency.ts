/** The scenario of latency: what the gate adds at a load that it bears easily. */

import { PROXY_LOG_STREAM } from '#contract/redis-keys.ts'
import { median } from '../support/statistics.ts'
import { none, type Target } from '../support/target.ts'
import type { Baseline } from './baselines.ts'
import { GATE_RECORDS } from './closed-loop.ts'
import type { LoadName } from './loads.ts'
import { measure } from './measure.ts'
import { runOpenLoop } from './open-loop.ts'
import type { OpenLoopResult } from './open-loop-client.ts'
import type { Bench, ScenarioResult } from './scenario.ts'

/** Of its own maximum in the closed loop. */
const LOAD_SHARE = 0.3

/** More than ever wait at once, so that no request waits for a connection. */
const CONNECTIONS = 128
const WARM_UP_SECONDS = 0.5

interface Case {
  readonly load: LoadName
  readonly title: string
  readonly scenario: string
  /** What else the gate is to be seen beside: the least possible script, and Lua where it does the same. */
  readonly beside: readonly (readonly [name: string, port: Baseline])[]
  /** The p99 that the gate may add, µs. */
  readonly budgetUs: number
}

const CASES: readonly Case[] = [
  {
    load: 'read',
    title: 'cached read',
    scenario: 'read',
    beside: [['floor', 'floorRead']],
    budgetUs: 1000,
  },
  {
    load: 'chat',
    title: 'admission',
    scenario: 'admission',
    beside: [
      ['floor', 'floorAdmit'],
      ['Lua, one call', 'luaOne'],
    ],
    budgetUs: 2000,
  },
]

/** One side of the comparison and what it was seen to take. */
interface Side {
  readonly name: string
  readonly port: number
  readonly results: OpenLoopResult[]
}

/**
 * Runs it with access records, as in production, against proxy_pass without; what else stands beside the
 * gate writes none either.
 * @param earlier the results so far, which know the gate's maximum
 */
export async function runLatency(
  bench: Bench,
  earlier: readonly ScenarioResult[],
): Promise<ScenarioResult> {
  const { world } = bench
  // The client takes the other processors for itself.
  await world.redisServer.moveTo(world.cpus.gate)
  await world.upstream.moveTo(world.cpus.gate)
  const targets: Target[] = []
  const latencies: Record<string, readonly OpenLoopResult[]> = {}
  const rates: Record<string, number> = {}
  const addedP99us: Record<string, number> = {}
  for (const each of CASES) {
    const { load, title, scenario, budgetUs } = each
    const maximum = maximumOf(earlier, scenario) ?? (await findMaximum(bench, load))
    const rate = Math.round(maximum * LOAD_SHARE)
    const [base, ...others] = await runSides(bench, each, rate)
    rates[title] = rate
    latencies[`${title}, ${base.name}`] = base.results
    for (const { name, results } of others) {
      latencies[`${title}, ${name}`] = results
      addedP99us[`${title}, ${name}`] = addedP99(results, base.results)
    }
    const got = addedP99us[`${title}, gate`] ?? Number.NaN
    targets.push({
      what: `p99 added to a ${title} at ${rate}/s`,
      wanted: `< ${budgetUs} µs`,
      got: `${got} µs`,
      met: got < budgetUs,
    })
  }
  const wrong = Object.values(latencies).flat()
  targets.push(
    none(
      'answers of a wrong kind',
      wrong.reduce((sum, run) => sum + run.wrong, 0),
    ),
  )
  await world.redisServer.moveTo(world.cpus.load)
  await world.upstream.moveTo(world.cpus.load)
  const title = 'added latency, open loop at 30 % of the maximum'
  return {
    name: 'latency',
    title,
    targets,
    latencies,
    notes: { requestsPerSecond: rates, addedP99us },
  }
}

/** Median over the rounds of what the 99th percentile is above the base's of the same round, µs. */
function addedP99(own: readonly OpenLoopResult[], base: readonly OpenLoopResult[]): number {
  return Math.round(median(own.map(({ p99us }, index) => p99us - (base[index]?.p99us ?? 0))))
}

/** Lets the sides take turns, in the next round backwards. Resolves with proxy_pass first. */
async function runSides(
  bench: Bench,
  { load, title, beside }: Case,
  rate: number,
): Promise<readonly [Side, ...Side[]]> {
  const { world, loads, options, say } = bench
  const quiet = world.quiet.ports
  const sides: readonly [Side, ...Side[]] = [
    { name: 'proxy_pass', port: quiet.proxy, results: [] },
    { name: 'gate', port: world.logged.ports.gate, results: [] },
    ...beside.map(([name, port]) => ({ name, port: quiet[port], results: [] })),
  ]
  const run = (port: number, seconds: number) =>
    runOpenLoop(world.cpus.load, {
      port,
      requests: loads[load].json,
      perSecond: rate,
      seconds: seconds + WARM_UP_SECONDS,
      connections: CONNECTIONS,
      warmUpSeconds: WARM_UP_SECONDS,
    })
  // An nginx that was just started makes a script context for each request of the first crowd.
  for (const { port } of sides) await run(port, options.seconds)
  for (let round = 1; round <= options.rounds; round++) {
    for (const { name, port, results } of round % 2 === 1 ? sides : sides.toReversed()) {
      const result = await run(port, options.seconds)
      results.push(result)
      await world.redis.del(PROXY_LOG_STREAM)
      const { p50us, p99us, p999us, late99us } = result
      const figures = `p50 ${p50us}  p99 ${p99us}  p99.9 ${p999us}  sent late ${late99us} µs`
      say(`round ${round}  ${`${title}, ${name}`.padEnd(26)}${rate}/s  ${figures}`)
    }
  }
  return sides
}

function maximumOf(earlier: readonly ScenarioResult[], scenario: string): number | undefined {
  const samples = earlier.find(({ name }) => name === scenario)?.samples?.[GATE_RECORDS]
  return samples && median(samples.map(({ perSecond }) => perSecond))
}

/** Where the scenario of throughput was left out. */
async function findMaximum({ world, loads, options }: Bench, load: LoadName): Promise<number> {
  const site = world.logged
  const variant = { name: load, site, port: site.ports.gate, load: loads[load].lua, refuses: false }
  await measure(world, variant, 1)
  return (await measure(world, variant, options.seconds)).perSecond
}
