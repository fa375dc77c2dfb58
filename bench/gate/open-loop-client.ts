/**
 * The open loop: a program that sends each request at its appointed time whether or not earlier ones
 * are answered, and measures from that time; so a stall is felt by all requests that it delays, not
 * by one. Run by open-loop.ts; prints one line of JSON.
 */

import { readFileSync } from 'node:fs'
import { quantile } from '../support/statistics.ts'
import { OpenLoopConnection } from './open-loop-connection.ts'

export interface OpenLoopTask {
  readonly port: number
  /** File with a JSON list of raw requests, sent in turn. */
  readonly requests: string
  readonly perSecond: number
  readonly seconds: number
  readonly connections: number
  /** Requests of the first so many seconds are not counted. */
  readonly warmUpSeconds: number
}

export interface OpenLoopResult {
  readonly sent: number
  readonly answered: number
  /** Answers with a status other than 200, and broken connections. */
  readonly wrong: number
  /** From the appointed time to the whole answer, µs. */
  readonly p50us: number
  readonly p99us: number
  readonly p999us: number
  readonly maxUs: number
  /** How late requests were sent at the 99th percentile, µs: the client's own failing. */
  readonly late99us: number
}

/** Returns times in ms at which requests are due: random gaps (Poisson), the same in every run. */
function schedule(perSecond: number, seconds: number): Float64Array {
  const due = new Float64Array(Math.round(perSecond * seconds))
  let state = 0x9e3779b9
  let at = 0
  for (let index = 0; index < due.length; index++) {
    // xorshift32, so that all runs have the same gaps.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    at -= (Math.log(((state >>> 0) + 1) / 2 ** 32) * 1000) / perSecond
    due[index] = at
  }
  return due
}

async function run(task: OpenLoopTask): Promise<OpenLoopResult> {
  const texts = JSON.parse(readFileSync(task.requests, 'utf8')) as string[]
  const requests = texts.map((text) => Buffer.from(text))
  const due = schedule(task.perSecond, task.seconds)
  const latency = new Float64Array(due.length)
  const late = new Float64Array(due.length)
  const idle: OpenLoopConnection[] = []
  let answered = 0
  let wrong = 0
  let start = 0
  for (let index = 0; index < task.connections; index++) {
    const connection = new OpenLoopConnection(task.port, (request, status) => {
      latency[request] = performance.now() - start - (due[request] ?? 0)
      answered += 1
      if (status !== 200) wrong += 1
      idle.push(connection)
    })
    await connection.opened()
    idle.push(connection)
  }

  start = performance.now()
  let next = 0
  await new Promise<void>((resolve) => {
    const end = (due.at(-1) ?? 0) + 5000
    const turn = () => {
      const now = performance.now() - start
      while (next < due.length && (due[next] ?? 0) <= now) {
        // In turn: one that is used for everything is closed by nginx after keepalive_requests.
        const connection = idle.shift()
        if (connection === undefined) break
        late[next] = now - (due[next] ?? 0)
        connection.send(next, requests[next % requests.length] ?? Buffer.alloc(0))
        next += 1
      }
      // Timers are too coarse; asking all the time is why this program needs a processor of its own.
      if (answered < due.length && now < end) setImmediate(turn)
      else resolve()
    }
    turn()
  })
  const skipped = Math.min(due.length, Math.round(task.perSecond * task.warmUpSeconds))
  const sorted = latency.subarray(skipped, next).sort()
  const us = (share: number) => Math.round(quantile(sorted, share) * 1000)
  return {
    sent: next,
    answered,
    wrong: wrong + (due.length - answered),
    p50us: us(0.5),
    p99us: us(0.99),
    p999us: us(0.999),
    maxUs: us(1),
    late99us: Math.round(quantile(late.subarray(skipped, next).sort(), 0.99) * 1000),
  }
}

const result = await run(JSON.parse(process.argv[2] ?? '{}') as OpenLoopTask)
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
