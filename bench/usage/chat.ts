/** The scenario of chats beside readers: how much later answers end while fifty people look at their usage. */

import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { deltasOf, questionFor } from '../stream/question.ts'
import { runClient } from '../stream/run-client.ts'
import { ownWay } from '../stream/variants.ts'
import { takeTurns } from '../support/rounds.ts'
import { median, ratios } from '../support/statistics.ts'
import { none, type Target } from '../support/target.ts'
import { type Bench, type ScenarioResult, type Times, timesOf } from './scenario.ts'
import { wholeAnswer } from './whole-answer.ts'
import type { World } from './world.ts'

/** Answers of a fifth of a second, eight at a time. */
const DELTAS = 10
const DELAY_MS = 20
const STREAMS = 8
const WARM_UP_MS = 1000
/** Fewer answers than a run of a few seconds has would make no p95. */
const SECONDS_FACTOR = 2
const MOST_GROWTH = 1.2

/** Each reader asks for one of them a second, in turn. */
const PATHS = [
  '/api/usage/summary',
  '/api/usage/series?range=30d',
  '/api/usage/records?model=deepseek-pro',
]
const READ_EVERY_MS = 1000

interface Sample {
  readonly whole: Times
  readonly wrong: number
  readonly reads: Times
  readonly failedReads: number
}

/** Runs it. */
export async function runChat({ world, options, say }: Bench): Promise<ScenarioResult> {
  const deltas = await deltasOf(world.upstreamPort, DELTAS)
  const message = questionFor(DELTAS, DELAY_MS)
  const [alone, beside] = [
    { name: 'alone', readers: 0 },
    { name: 'readers', readers: 50 },
  ]
  const measure = async ({ readers }: { readonly readers: number }): Promise<Sample> => {
    const reading = startReaders(world, readers)
    const result = await runClient(
      {
        ...ownWay(world.plan, world.chatters, message, true),
        ...{ deltas, streamed: true, streams: STREAMS, timed: false, rampMs: 0, answersEach: 0 },
        warmUpMs: WARM_UP_MS,
        forMs: WARM_UP_MS + options.seconds * SECONDS_FACTOR * 1000,
      },
      join(world.folder, 'task.json'),
    )
    const { taken, failed } = await reading.stop()
    const wrong = Object.values(result.wrong).reduce((sum, count) => sum + count, 0)
    return { whole: result.whole, wrong, reads: timesOf(taken), failedReads: failed }
  }
  const samples = await takeTurns([alone, beside], options.rounds, measure, measure, tell)

  function tell(round: number, name: string, { whole, reads }: Sample): void {
    say(
      `round ${round}  ${name.padEnd(8)} answers ${whole.count}: p50 ${whole.p50}  p95 ${whole.p95} ms` +
        (reads.count === 0 ? '' : `   ${reads.count} reads: p50 ${reads.p50}  p95 ${reads.p95} ms`),
    )
  }
  const all = Object.values(samples).flat()
  const failed = all.reduce((sum, one) => sum + one.wrong + one.failedReads, 0)
  return {
    name: 'chat',
    title: `chats beside ${beside.readers} readers at 1 request/s each`,
    targets: [growth(samples), none('answers and reads that went wrong', failed)],
    samples,
  }
}

/** Round by round, so that what both suffered cancels out. */
function growth(samples: Readonly<Record<string, readonly Sample[]>>): Target {
  const p95 = (name: string) => (samples[name] ?? []).map(({ whole }) => whole.p95)
  const got = median(ratios(p95('readers'), p95('alone')))
  return {
    what: 'p95 of a whole answer, with readers / without',
    wanted: `< ${Math.round(MOST_GROWTH * 100)} %`,
    got: `${(got * 100).toFixed(1)} %`,
    met: got < MOST_GROWTH,
  }
}

interface Readers {
  stop(): Promise<{ readonly taken: readonly number[]; readonly failed: number }>
}

/** They read by way of the gate, each on a connection of their own, evenly spread over the second. */
function startReaders({ plan, readers }: World, count: number): Readers {
  const ca = readFileSync(`${plan.layout.tls}/fullchain.crt`)
  const taken: number[] = []
  const running = new Set<Promise<void>>()
  let failed = 0
  const agents: Agent[] = []
  async function look(agent: Agent, path: string, cookie: string): Promise<void> {
    const began = performance.now()
    const headers = { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' }
    const port = plan.settings.httpsPort
    try {
      await wholeAnswer(request({ host: 'localhost', port, path, agent, headers }))
      taken.push(performance.now() - began)
    } catch {
      failed += 1
    }
  }
  const timers: NodeJS.Timeout[] = []
  for (const [index, cookie] of readers.slice(0, count).entries()) {
    const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    let turn = index
    const read = () => {
      const path = PATHS[turn++ % PATHS.length] ?? ''
      const reading = look(agent, path, cookie)
      running.add(reading)
      void reading.then(() => running.delete(reading))
    }
    timers.push(
      setTimeout(
        () => {
          read()
          timers.push(setInterval(read, READ_EVERY_MS))
        },
        (READ_EVERY_MS * index) / count,
      ),
    )
  }
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running)
      for (const agent of agents) agent.destroy()
      return { taken, failed }
    },
  }
}
