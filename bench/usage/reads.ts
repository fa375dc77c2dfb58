/** The scenario of reports: four readers, each of whom asks again as soon as they have an answer. */

import { partOf } from '../../tests/support/processes.ts'
import { drawFrom } from '../../tests/support/seed.ts'
import { cpuUsOf } from '../support/process-cost.ts'
import { takeTurns } from '../support/rounds.ts'
import { median } from '../support/statistics.ts'
import type { Target } from '../support/target.ts'
import { type Question, questionsAt } from './questions.ts'
import { type Bench, type ScenarioResult, type Times, timesOf } from './scenario.ts'
import { createWorkerClient } from './worker-client.ts'
import { USERS, type World } from './world.ts'

const READERS = 4
/** Of each run this much does not count, ms. */
const WARM_UP_MS = 300

/** Before anything is measured each question is asked for so long: Node compiles what is used often. */
const WARM_UP_SECONDS = 1

interface Sample extends Times {
  /** Processor time for each answer, ms. */
  readonly workerMs: number
  readonly mysqlMs: number
}

interface Variant {
  readonly name: string
  readonly ask: (question: Question, uid: string) => Promise<unknown>
}

/** Runs it. */
export async function runReads({ world, options, say }: Bench): Promise<ScenarioResult> {
  const { plan, db, admins } = world
  const client = createWorkerClient(plan)
  const variants: readonly Variant[] = [
    {
      name: 'worker',
      ask: ({ path, as }, uid) =>
        as === 'person'
          ? client.get(path, uid, 'user')
          : client.get(path, admins[as === 'admin' ? 0 : 1], 'admin'),
    },
    { name: 'mysql', ask: ({ ask, as }, uid) => ask(db, as === 'person' ? uid : undefined) },
  ]
  const samples: Record<string, Readonly<Record<string, readonly Sample[]>>> = {}
  const targets: Target[] = []
  for (const question of questionsAt(Date.now())) {
    const runs = await takeTurns(
      variants,
      options.rounds,
      (variant) => measure(world, question, variant, WARM_UP_SECONDS),
      (variant) => measure(world, question, variant, options.seconds),
      () => {},
    )
    samples[question.name] = runs
    const middle = (name: string, which: keyof Sample) =>
      median((runs[name] ?? []).map((sample) => sample[which]))
    const p95 = middle('worker', 'p95')
    const alone = middle('mysql', 'p95')
    say(
      `${question.name.padEnd(42)} p50 ${ms(middle('worker', 'p50'))}  p95 ${ms(p95)}` +
        `   MySQL alone: p50 ${ms(middle('mysql', 'p50'))}  p95 ${ms(alone)}` +
        `   processor: worker ${ms(middle('worker', 'workerMs'))}  MySQL ${ms(middle('worker', 'mysqlMs'))}`,
    )
    if (question.wantedMs !== undefined) targets.push(below(question.name, question.wantedMs, p95))
  }
  client.close()
  return {
    name: 'reads',
    title: `reports, p95 at ${READERS} readers, through the worker`,
    targets,
    samples,
  }
}

/** Asks for so many seconds and returns how long answers took. */
async function measure(
  { plan, firstUser }: World,
  question: Question,
  { ask }: Variant,
  seconds: number,
): Promise<Sample> {
  const draw = drawFrom(READERS)
  const began = performance.now()
  const taken: number[] = []
  let answers = 0
  const spent = () => ['worker', 'mysql'].map((name) => cpuUsOf([partOf(plan, name).pid]))
  const before = spent()
  async function reader(): Promise<void> {
    for (;;) {
      const at = performance.now()
      if (at - began > WARM_UP_MS + seconds * 1000) return
      // Who makes more calls reads more.
      const who = Math.floor((draw.integer(0, 999_999) / 1_000_000) ** 3 * USERS)
      await ask(question, String(firstUser + who))
      answers += 1
      if (at - began >= WARM_UP_MS) taken.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: READERS }, reader))
  const [workerMs = 0, mysqlMs = 0] = spent().map((us, index) =>
    Number(((us - (before[index] ?? 0)) / answers / 1000).toFixed(3)),
  )
  return { ...timesOf(taken), workerMs, mysqlMs }
}

function below(what: string, limitMs: number, got: number): Target {
  return { what, wanted: `< ${limitMs} ms`, got: `${ms(got)} ms`, met: got < limitMs }
}

function ms(value: number): string {
  return value.toFixed(1).padStart(6)
}
