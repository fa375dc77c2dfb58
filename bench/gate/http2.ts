/** The scenario of a crowd: 1 000 HTTP/2 requests at once on 20 connections, through TLS. */

import { join } from 'node:path'
import type { Program } from '../support/processes.ts'
import { none, type Target } from '../support/target.ts'
import { AccessLog } from './access-log.ts'
import { startGate } from './gate-nginx.ts'
import { runH2load } from './h2load.ts'
import { posting, reading } from './load.ts'
import { LogReader } from './redis-watch.ts'
import type { Bench, ScenarioResult } from './scenario.ts'

/** One address may have 256 requests in flight, so the crowd comes from ten; half reads, half chats. */
const GROUPS = 10
const CONNECTIONS_PER_GROUP = 2
const STREAMS = 50

/** The refusal that docs/gate.md declares for a Redis that is asked too much. */
const SHEDDING = '503 session_store_unavailable'

/** What nginx may grow by in the second half of the time. */
const FLAT = 1.05

const SAMPLE_MS = 250

/** Runs it against a gate as in production. */
export async function runHttp2({ world, options, say }: Bench): Promise<ScenarioResult> {
  const { root, plans, folder, people, redis } = world
  const { cookieName, httpsPort } = plans.real.settings
  const { program } = await startGate(root, plans.real, world.cpus.all)
  const reader = new LogReader(redis)
  // What the runs before have left.
  await reader.read()
  try {
    const groups = Array.from({ length: GROUPS }, (_, index) => {
      const person = people.slice(index + 1, index + 2)
      const crowd = {
        port: httpsPort,
        load:
          index % 2 === 0
            ? reading(
                cookieName,
                person.map(({ cookie }) => cookie),
              )
            : posting(cookieName, person, '/api/chat'),
        address: `10.0.0.${index + 1}`,
        connections: CONNECTIONS_PER_GROUP,
        streams: STREAMS,
        seconds: options.crowdSeconds,
      }
      return runH2load(root, crowd, join(folder, `h2load-${index}.body`))
    })
    const watched = watch(program, reader)
    const results = await Promise.all(groups)
    const memory = await watched.end()
    const kinds = await answers(new AccessLog(plans.real))
    const done = results.reduce((sum, { done: count }) => sum + count, 0)
    const broken = results.reduce((sum, result) => sum + result.broken, 0)
    say(`${Math.round(done / options.crowdSeconds)} req/s  ${JSON.stringify(kinds)}`)
    const failures = Object.entries(kinds).filter(([kind]) => kind >= '5' && kind !== SHEDDING)
    const shed = percent(kinds[SHEDDING] ?? 0, done)
    const targets = [
      none(
        `answers 5xx other than shedding (${shed} were shed)`,
        failures.reduce((sum, [, count]) => sum + count, 0),
      ),
      none('requests without an answer', broken),
      flat(memory),
    ]
    const title = `1 000 HTTP/2 requests at once on 20 connections for ${options.crowdSeconds} s`
    return {
      name: 'http2',
      title,
      targets,
      notes: { answers: kinds, memoryBytes: memory, results },
    }
  } finally {
    await program.stop()
  }
}

/** Samples memory and keeps the log stream empty, as the worker would. */
function watch(program: Program, reader: LogReader) {
  const own: number[] = []
  let busy: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    own.push(program.ownBytes())
    busy = busy.then(() => reader.read())
  }, SAMPLE_MS)
  return {
    async end(): Promise<readonly number[]> {
      clearInterval(timer)
      await busy
      return own
    },
  }
}

/** Returns how often each pair of status and verdict was answered. */
async function answers(log: AccessLog): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const line of await log.lines()) {
    const { status, gate } = JSON.parse(line) as { status: number; gate: string }
    const kind = `${status} ${gate}`
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

function percent(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(0)} %`
}

function flat(bytes: readonly number[]): Target {
  const mib = (count: number) => (count / 1024 / 1024).toFixed(1)
  const middle = Math.max(...bytes.slice(0, Math.ceil(bytes.length / 2)))
  const end = bytes.at(-1) ?? 0
  return {
    what: 'own memory of nginx (first, half-way at most, last)',
    wanted: `last ≤ ${Math.round(FLAT * 100)} % of half-way`,
    got: `${mib(bytes[0] ?? 0)}, ${mib(middle)}, ${mib(end)} MiB`,
    met: bytes.length > 1 && end <= middle * FLAT,
  }
}
