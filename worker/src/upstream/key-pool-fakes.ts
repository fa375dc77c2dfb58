/** A key pool over calls that meet what a test says. */

import { pino } from 'pino'
import { chunk, fakeTurn } from '../domain/generation-fakes.ts'
import type { UpstreamEvent } from '../domain/upstream-event.ts'
import type { PooledKey, UpstreamKey } from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import { NotSent } from './http-client.ts'
import { createKeyPool } from './key-pool.ts'
import { failureOfAnswer } from './upstream-error.ts'

export const CALL = fakeTurn().call

export function key(id: string, changes: Partial<PooledKey> = {}): PooledKey {
  return {
    ...{ id, alias: `key-${id}`, secret: `sk-secret-${id}`, baseUrl: 'https://a.example' },
    ...{ weight: 1, standin: false, account: `#${id}`, version: 1, fault: null },
    ...changes,
  }
}

/** Returns the failure for an error of the provider. */
export function answer(status: number, message: string, retryAfter?: string): Failure {
  const error = { message, type: 'x', param: null, code: 'y' }
  return failureOfAnswer(status, JSON.stringify({ error }), retryAfter)
}

/** What a call does: fails before it is accepted, or answers and perhaps fails then. */
export type Fate = Failure | 'ok' | { readonly accepted: readonly (UpstreamEvent | Failure)[] }

/** A pool over keys whose calls meet what `fates` says, by key id, the last one for ever. */
export function setUp(keys: readonly PooledKey[], fates: Record<string, Fate[]> = {}) {
  const world = { now: 1000, random: 0, keys }
  const calls: string[] = []
  const faults: string[] = []
  const slept: number[] = []
  const closed: string[] = []
  const touched: string[] = []
  async function* chat({ id }: UpstreamKey): AsyncGenerator<UpstreamEvent> {
    calls.push(id)
    const queue = fates[id] ?? []
    const fate = (queue.length > 1 ? queue.shift() : queue[0]) ?? 'ok'
    if (fate instanceof Failure) throw fate
    try {
      yield { kind: 'accepted', traceId: null, keyId: id }
      for (const item of fate === 'ok' ? [chunk({ content: 'Hi' })] : fate.accepted) {
        if (item instanceof Failure) throw item
        yield item
      }
    } finally {
      closed.push(id)
    }
  }
  const pool = createKeyPool({
    keys: {
      usable: async () => world.keys,
      known: () => world.keys,
      fault: async ({ id }, fault) => {
        faults.push(`${id} ${fault}`)
      },
      touch: ({ id }) => touched.push(id),
    },
    upstream: { chat, forward: chat as never },
    log: pino({ level: 'silent' }),
    now: () => world.now,
    random: () => world.random,
    sleep: async (ms, signal) => {
      slept.push(ms)
      world.now += ms
      signal.throwIfAborted()
    },
  })
  const signal = new AbortController().signal
  /** Runs a whole call, from the choice of its key on; returns what became of it. */
  async function run(first?: UpstreamKey): Promise<string> {
    try {
      let by = ''
      for await (const event of pool.chat(first ?? (await pool.pick()), CALL, signal)) {
        if (event.kind === 'accepted') by = event.keyId
      }
      return `done by ${by}`
    } catch (error) {
      if (error instanceof Failure) return error.code
      throw error
    }
  }
  return { world, pool, run, calls, faults, slept, closed, touched }
}

export const REJECTED = answer(401, 'Authentication Fails, Your api key: ****et-1 is invalid')
export const PENNILESS = answer(402, 'Insufficient Balance')
export const TOO_MANY = answer(429, 'Your current concurrency is 40', '7')
export const BROKEN = answer(500, 'Server Error')
export const REFUSED = new NotSent('upstream_unavailable', {}, { cause: new Error('ECONNREFUSED') })
