/** The scenarios of throughput: how much of a baseline's speed the gate has. */

import { atLeast, none, type Target } from '../support/target.ts'
import type { Baseline } from './baselines.ts'
import type { LoadName, Loads } from './loads.ts'
import type { Variant } from './measure.ts'
import { compare, runRounds, type Samples } from './rounds.ts'
import { type Bench, type ScenarioResult, total } from './scenario.ts'
import type { Site } from './sites.ts'
import type { World } from './world.ts'

/** A measured variant: its name, whose answer it is, and whether access records are written. */
type Entry = readonly [name: string, port: Baseline | 'gate', records?: 'records']

interface Definition {
  readonly title: string
  readonly load: LoadName
  readonly refuses: boolean
  readonly entries: readonly Entry[]
  readonly targets: (samples: Samples) => readonly Target[]
}

/** Names that other scenarios look up. */
export const GATE_RECORDS = 'gate, records'

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  read: {
    title: 'signed-in read, session cached (GET /api/me)',
    load: 'read',
    refuses: false,
    entries: [
      ['proxy_pass', 'proxy'],
      ['proxy_pass, bare', 'proxyBare'],
      ['empty js_access', 'emptyAccess'],
      ['floor', 'floorRead'],
      ['gate', 'gate'],
      [GATE_RECORDS, 'gate', 'records'],
      ['proxy_pass, records', 'proxy', 'records'],
    ],
    targets: (samples) => [
      share('gate / proxy_pass', 0.65, samples, 'gate', 'proxy_pass'),
      share('gate, records / proxy_pass', 0.45, samples, GATE_RECORDS, 'proxy_pass'),
      delivery(samples),
    ],
  },
  admission: {
    title: 'chat admission, one round trip to Redis (POST /api/chat)',
    load: 'chat',
    refuses: false,
    entries: [
      ['gate', 'gate'],
      ['floor', 'floorAdmit'],
      ['Lua, one call', 'luaOne'],
      ['Lua, two calls', 'luaTwo'],
      [GATE_RECORDS, 'gate', 'records'],
      ['Lua, one call, records', 'luaOne', 'records'],
    ],
    targets: (samples) => [
      share('gate / Lua, one call', 0.9, samples, 'gate', 'Lua, one call'),
      share('gate / Lua, two calls', 1.3, samples, 'gate', 'Lua, two calls'),
      delivery(samples),
    ],
  },
  flood: {
    title: 'flood from a subject that is over its limit (POST /api/me)',
    load: 'flood',
    refuses: true,
    entries: [
      ['return 429', 'return429'],
      ['floor', 'floorRefuse'],
      ['gate', 'gate'],
    ],
    targets: (samples) => [
      share('gate / return 429', 0.75, samples, 'gate', 'return 429'),
      silence(samples),
    ],
  },
  forged: {
    title: 'forged session cookies (GET /api/me)',
    load: 'forged',
    refuses: true,
    entries: [
      ['return 401', 'return401'],
      ['floor', 'floorForged'],
      ['gate', 'gate'],
    ],
    targets: (samples) => [
      share('gate / return 401', 0.6, samples, 'gate', 'return 401'),
      silence(samples),
    ],
  },
}

export const CLOSED_LOOP_NAMES: readonly string[] = Object.keys(DEFINITIONS)

/** Runs one of them. */
export async function runClosedLoop(bench: Bench, name: string): Promise<ScenarioResult> {
  const definition = DEFINITIONS[name]
  if (definition === undefined) throw new RangeError(`no scenario ${name}`)
  const { world, loads, options, say } = bench
  const variants = variantsOf(definition, world, loads)
  const samples = await runRounds(world, variants, options.rounds, options.seconds, say)
  const all = Object.values(samples).flat()
  const wrong = total(all, (sample) => sample.wrong)
  const targets = [...definition.targets(samples), none('answers of a wrong kind', wrong)]
  return { name, title: definition.title, targets, samples }
}

function variantsOf(
  { entries, load, refuses }: Definition,
  { quiet, logged }: World,
  loads: Loads,
): readonly Variant[] {
  return entries.map(([name, port, records]) => {
    const site: Site = records === undefined ? quiet : logged
    return { name, site, port: site.ports[port], load: loads[load].lua, refuses }
  })
}

function share(what: string, wanted: number, samples: Samples, own: string, other: string): Target {
  return atLeast(what, wanted, compare(samples, own, other).share)
}

/** No command reached Redis while the gate refused. */
function silence(samples: Samples): Target {
  const calls = (samples['gate'] ?? []).flatMap(({ redisCalls }) => Object.entries(redisCalls))
  const names = [...new Set(calls.map(([name]) => name))]
  const count = calls.reduce((sum, [, more]) => sum + more, 0)
  return none(['Redis calls', ...names].join(' '), count)
}

/** Every served request is in Redis; one that came twice is one row in MySQL all the same. */
function delivery(samples: Samples): Target {
  const logs = Object.values(samples).flat()
  return none(
    'records lost',
    total(logs, ({ requests, log }) => (log ? Math.max(requests, log.served) - log.requests : 0)),
  )
}
