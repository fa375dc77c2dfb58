/**
 * The one promise of the limits, on Redis' own clock: whatever several gates ask at once, in whatever
 * order, no subject gets more than `q` requests admitted in any `w` seconds.
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import type { LimitPolicy } from '#contract/limit-policy.ts'
import type { BoundPolicy } from '../../njs/src/domain/bound-policy.ts'
import {
  askOnRecord,
  limitsOnly,
  loadAdmitScript,
  policyKey,
  type Ruling,
  redisTime,
} from '../support/admit-script.ts'
import { LimitModel } from '../support/limit-model.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { connectRedis } from '../support/redis.ts'

const SHORT: LimitPolicy = { kind: 'window', name: 'short', quota: 5, windowSeconds: 1 }
const LONG: LimitPolicy = { kind: 'window', name: 'long', quota: 9, windowSeconds: 2 }
const AT_ONCE: LimitPolicy = { kind: 'concurrent', name: 'once', quota: 4, windowSeconds: 1 }
const CLIENTS = 5

let server: OutsideServer
/** One connection for each client, as several nginx processes have theirs. */
let connections: readonly Redis[]
before(async () => {
  server = await outsideRedis()
  const url = server.settings['REDIS_URL'] ?? ''
  connections = await Promise.all(Array.from({ length: CLIENTS }, () => connectRedis(url)))
  await Promise.all(connections.map(loadAdmitScript))
})
after(async () => {
  for (const redis of connections ?? []) redis.disconnect()
  await server?.remove()
})

interface Event {
  readonly order: number
  replay(model: LimitModel): void
}

/** What one client does next. */
type Step =
  /** `times` new requests at once, or its last one again, under the policies with these quotas. */
  | {
      readonly kind: 'ask'
      readonly subject: number
      readonly times: number
      readonly again: boolean
      readonly quotas: readonly (number | undefined)[]
    }
  | { readonly kind: 'pause'; readonly ms: number }
  /** Ask from 20 ms before the next slot is said to be free until it is. */
  | { readonly kind: 'press'; readonly subject: number }
  /** A running answer goes on, or ends. */
  | { readonly kind: 'slot'; readonly ends: boolean }

const quota = (most: number) => fc.option(fc.integer({ min: 1, max: most }), { nil: undefined })
const subject = fc.integer({ min: 0, max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      subject,
      times: fc.integer({ min: 1, max: 8 }),
      again: fc.boolean(),
      quotas: fc
        .tuple(quota(5), quota(9), quota(4))
        .filter((quotas) => quotas.some((one) => one !== undefined)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pause' as const),
      ms: fc.integer({ min: 0, max: 400 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('press' as const), subject }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('slot' as const), ends: fc.boolean() }),
  },
)
const histories = fc.array(fc.array(step, { minLength: 4, maxLength: 14 }), {
  minLength: CLIENTS,
  maxLength: CLIENTS,
})

/** One client of a history. */
class Player {
  readonly events: Event[] = []
  readonly #redis: Redis
  readonly #names: readonly string[]
  #last: { readonly id: string; readonly policies: readonly BoundPolicy[] } | undefined

  constructor(redis: Redis, names: readonly string[]) {
    this.#redis = redis
    this.#names = names
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      if (one.kind === 'pause') await pause(one.ms)
      else if (one.kind === 'press') await this.#press(this.#bind(one.subject, [5]))
      else if (one.kind === 'slot') await this.#moveSlot(one.ends)
      else await this.#askAtOnce(one)
    }
  }

  #bind(index: number, quotas: readonly (number | undefined)[]): readonly BoundPolicy[] {
    return [SHORT, LONG, AT_ONCE].flatMap((policy, at) => {
      const own = quotas[at]
      if (own === undefined) return []
      return [{ policy: { ...policy, quota: own }, subject: this.#names[index] ?? '', ownName: '' }]
    })
  }

  async #askAtOnce({ subject: index, times, again, quotas }: Extract<Step, { kind: 'ask' }>) {
    const policies = this.#bind(index, quotas)
    const repeated = again ? this.#last?.id : undefined
    const ids = Array.from({ length: times }, () => repeated ?? randomUUID())
    await Promise.all(ids.map((id) => this.#ask(id, policies)))
    this.#last = { id: ids[0] ?? '', policies }
  }

  async #ask(id: string, policies: readonly BoundPolicy[]): Promise<Ruling> {
    const ruling = await askOnRecord(this.#redis, limitsOnly(id, policies))
    this.events.push({
      order: ruling.order,
      replay: (model) => model.replay(id, policies, ruling),
    })
    return ruling
  }

  /** What an impatient client does: the moment at which a window ends is tried out closely. */
  async #press(policies: readonly BoundPolicy[]): Promise<void> {
    for (let ruling = await this.#ask(randomUUID(), policies); ; ) {
      const { admission } = ruling
      if (admission.kind !== 'answered' || admission.admitted) return
      const resetMs = admission.states[0]?.resetMs ?? 0
      if (resetMs > 20) await pause(resetMs - 20)
      ruling = await this.#ask(randomUUID(), policies)
    }
  }

  /** What a worker does with the slot of the last request, if that had one. */
  async #moveSlot(ends: boolean): Promise<void> {
    const last = this.#last
    const bound = last?.policies.find(({ policy }) => policy.kind === 'concurrent')
    if (last === undefined || bound === undefined) return
    const key = policyKey(bound)
    const score = ends ? undefined : (await redisTime(this.#redis)) + 1_000_000
    const replies = await this.#redis
      .multi([
        ['incr', 'test:order'],
        score === undefined ? ['zrem', key, last.id] : ['zadd', key, String(score), last.id],
        ['expire', key, '1'],
      ])
      .exec()
    this.events.push({
      order: Number(replies?.[0]?.[1]),
      replay: (model) => model.setSlot(bound, last.id, score),
    })
  }
}

test('in any history of several clients no subject gets more than its quotas', async () => {
  let admitted = 0
  await fc.assert(
    fc.asyncProperty(histories, async (clients) => {
      const names = [`u:${randomUUID()}`, `ip:${randomUUID()}`]
      const players = clients.map((steps, index) => {
        const redis = connections[index]
        assert.ok(redis !== undefined)
        return { player: new Player(redis, names), steps }
      })
      await Promise.all(players.map(({ player, steps }) => player.play(steps)))
      const events = players.flatMap(({ player }) => player.events)
      const model = new LimitModel()
      for (const event of events.sort((a, b) => a.order - b.order)) event.replay(model)
      for (const name of names) {
        for (const policy of [SHORT, LONG]) {
          const bound = { policy, subject: name, ownName: '' }
          assert.ok(model.busiest(bound) <= policy.quota)
          admitted += model.total(bound)
        }
      }
    }),
    { numRuns: 8, endOnFailure: true },
  )
  assert.ok(admitted > 100, `the histories hardly admitted anything: ${admitted}`)
})
