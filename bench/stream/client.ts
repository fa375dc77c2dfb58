/**
 * The client: a program that asks for answers and looks whether each is right. Run by
 * run-client.ts, which hands it its task as a file; prints one line of JSON.
 */

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../support/statistics.ts'
import { checkStream, faultOfStream, faultOfWhole } from './answer-check.ts'
import type { ClientResult, ClientTask, Times } from './client-task.ts'
import { openWires, type Wire } from './wire.ts'

/** When things happened, ms of the process. */
interface Asked {
  readonly at: number
  readonly end: number
  /** Arrival of each delta; empty unless timed. */
  readonly arrivals: readonly number[]
}

async function run(task: ClientTask): Promise<ClientResult> {
  const { deltas, warmUpMs, forMs } = task
  // Loading the program is not the client's work.
  const before = process.cpuUsage()
  const start = performance.now()
  const right: Asked[] = []
  const wrong: Record<string, number> = {}
  const known = new KnownAnswers(task)

  async function stream(wire: Wire, index: number): Promise<void> {
    if (task.rampMs > 0) await sleep((task.rampMs * index) / task.streams)
    for (let asked = 0; asked < (task.answersEach || Number.POSITIVE_INFINITY); asked++) {
      if (performance.now() - start > forMs) return
      const answer = await ask(task, wire, known)
      if (typeof answer !== 'string') right.push(answer)
      else wrong[answer] = (wrong[answer] ?? 0) + 1
    }
  }

  const wires = openWires(task, task.streams)
  await Promise.all(wires.map(stream))
  for (const wire of wires) wire.close()
  const { user, system } = process.cpuUsage(before)
  const counted = right.filter(({ end }) => end - start >= warmUpMs)
  const inTime = counted.filter(({ end }) => end - start <= forMs)
  return {
    answers: right.length,
    deltas: right.length * deltas.length,
    wrong,
    perSecond: (inTime.length * deltas.length * 1000) / (forMs - warmUpMs),
    first: timesOf(counted.flatMap(({ at, arrivals }) => arrivals.slice(0, 1).map((t) => t - at))),
    gaps: timesOf(counted.flatMap(({ arrivals }) => gapsOf(arrivals))),
    whole: timesOf(counted.map(({ at, end }) => end - at)),
    cpuUs: user + system,
  }
}

/** Asks once; resolves with what is wrong, or with the times of the right answer. */
async function ask(task: ClientTask, wire: Wire, known: KnownAnswers): Promise<Asked | string> {
  const { deltas, timed } = task
  const check = timed ? checkStream(task.dialect, deltas) : undefined
  const chunks: Buffer[] = []
  const arrivals: number[] = []
  const at = performance.now()
  try {
    const status = await wire.ask((chunk) => {
      chunks.push(chunk)
      const here = check?.feed(chunk) ?? 0
      for (const now = performance.now(); arrivals.length < here; ) arrivals.push(now)
    })
    const end = performance.now()
    if (status !== 200) return refusalOf(status, Buffer.concat(chunks).toString('utf8'))
    const fault = check === undefined ? known.fault(Buffer.concat(chunks)) : check.fault()
    return fault ?? { at, end, arrivals }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The same words for the same refusal, so that they can be counted. */
function refusalOf(status: number, body: string): string {
  const code = /"code":"(\w+)"/.exec(body)?.[1]
  return `status ${status}${code === undefined ? '' : `, ${code}`}`
}

/** An answer that equals one already found right, byte by byte, is right: cheaper than reading it. */
class KnownAnswers {
  readonly #task: ClientTask
  #right: Buffer | undefined

  constructor(task: ClientTask) {
    this.#task = task
  }

  fault(body: Buffer): string | undefined {
    if (this.#right?.equals(body)) return undefined
    const { dialect, deltas, streamed } = this.#task
    const fault = streamed
      ? faultOfStream(dialect, deltas, body)
      : faultOfWhole(dialect, deltas, body)
    if (fault === undefined) this.#right = body
    return fault
  }
}

function gapsOf(arrivals: readonly number[]): readonly number[] {
  return arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at))
}

function timesOf(values: readonly number[]): Times {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => Number(quantile(sorted, share).toFixed(3))
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

const result = await run(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ClientTask)
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
