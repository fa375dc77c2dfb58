/** What quotas have come to in Redis: the calls of the script (quota-script.ts). */

import type { Redis } from 'ioredis'
import { QUOTA_RUN, quotaHoldsKey, quotaKey } from '#contract/redis-keys.ts'
import type { QuotaOwner, QuotaPeriod, QuotaUnit } from '../domain/quota-terms.ts'
import { QUOTA_SCRIPT } from './quota-script.ts'
import { viaRedis } from './redis.ts'
import { createScript } from './redis-script.ts'

/** A quota in its current period. */
export interface QuotaAccount {
  readonly owner: QuotaOwner
  /** Of the state that the account belongs to: another one has to be made anew. */
  readonly tag: string
  readonly period: QuotaPeriod
  /** First instant of the period, and the first one after it; Unix ms. */
  readonly start: number
  readonly end: number
}

export interface BoundQuota extends QuotaAccount {
  readonly unit: QuotaUnit
  /** Tokens, or 10^-10 of the currency. */
  readonly amount: bigint
}

/** A call that asks for room. Money is counted in 10^-10. */
export interface RoomRequest {
  readonly id: string
  /** Unix ms. */
  readonly at: number
  readonly token: string | undefined
  readonly promptTokens: number
  readonly promptMoney: bigint
  readonly wantedTokens: number
  /** Of a token of the answer. */
  readonly price: bigint
  readonly leastTokens: number
}

/** What a call has reserved. */
export interface Hold {
  readonly id: string
  /** Unix ms: in which periods it counts. */
  readonly at: number
  readonly tokens: bigint
  readonly money: bigint
  readonly token: string | undefined
}

/** What was used in the period of an account. */
export interface UsedAccount extends QuotaAccount {
  readonly tokens: bigint
  readonly money: bigint
}

export type RoomReply =
  | { readonly kind: 'ok'; readonly granted: number; readonly hold: Hold }
  /** Indexes of the quotas that have too little left. */
  | { readonly kind: 'full'; readonly quotas: readonly number[] }
  /** Redis has lost its memory just now; calls that began before may not have a row yet. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** The state has to be made of what MySQL knows now. */
  | { readonly kind: 'rebuild'; readonly gen: string; readonly holds: readonly string[] }

/** What MySQL knew at one moment. */
export interface QuotaBooks {
  readonly accounts: readonly UsedAccount[]
  /** Calls that are open and have something reserved. */
  readonly open: readonly Hold[]
  /** Those of the asked calls that are settled. */
  readonly settled: readonly string[]
}

/** A call whose hold is to go on. */
export interface HeldCall {
  readonly id: string
  /** False if it has ended and only its settlement is still to come. */
  readonly isRunning: boolean
}

/** Every call throws Failure('session_store_unavailable') if Redis is away. */
export interface QuotaState {
  /** Notes which Redis this is, so that nobody has to wait when nothing was lost. */
  greet(): Promise<void>
  reserve(uid: string, call: RoomRequest, quotas: readonly BoundQuota[]): Promise<RoomReply>
  /** Counts what a call has used, once; returns false if the state is to be made anew instead. */
  settle(uid: string, id: string, tokens: bigint, money: bigint): Promise<boolean>
  release(uid: string, id: string): Promise<void>
  /** Returns the ids of the calls that have no hold (any more). */
  renew(uid: string, calls: readonly HeldCall[]): Promise<readonly string[]>
  /**
   * Makes the state of these books; returns false if something has happened since `gen` was read.
   * @param lifeMs the longest that it is believed
   */
  fill(uid: string, gen: string, books: QuotaBooks, lifeMs: number): Promise<boolean>
}

/** An unrenewed hold lapses after this long; it is renewed three times as often. */
export const HOLD_LEASE_MS = 15_000
export const HOLD_RENEW_MS = 5000

/**
 * After a loss of Redis' memory nothing is counted anew for so long: a call that had reserved before has
 * its row by then, as a statement takes no longer.
 */
export const QUOTA_GRACE_MS = 1000

/** No user has this id. */
const NOBODY = '0'

/** The largest number that the script counts exactly. */
const MOST = BigInt(Number.MAX_SAFE_INTEGER)

export function createQuotaState(redis: Redis): QuotaState {
  const script = createScript(redis, QUOTA_SCRIPT)
  let runId: string | undefined
  let connections = 0
  // A command on the next connection may meet another Redis.
  redis.on('close', () => {
    connections += 1
    runId = undefined
  })

  async function runOf(): Promise<string> {
    if (runId !== undefined) return runId
    const connection = connections
    const found = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown'
    if (connection === connections) runId = found
    return found
  }

  function run(uid: string, what: string, args: readonly (string | number)[]): Promise<unknown> {
    const call = async () => {
      const keys = [quotaKey(uid), quotaHoldsKey(uid), QUOTA_RUN]
      return await script(keys, [what, await runOf(), ...args])
    }
    return viaRedis(call())
  }

  return {
    async greet() {
      await run(NOBODY, 'renew', [HOLD_LEASE_MS])
    },
    async reserve(uid, call, quotas) {
      const words = [
        ...[call.id, call.at, HOLD_LEASE_MS, QUOTA_GRACE_MS, call.token ?? '-'],
        ...[call.promptTokens, bounded(call.promptMoney), call.wantedTokens],
        ...[bounded(call.price), call.leastTokens],
        ...quotas.flatMap(({ owner, tag, unit, period, start, amount }) => {
          return [owner, tag, unit, period, start, bounded(amount)]
        }),
      ]
      return readRoom(call, String(await run(uid, 'reserve', words)))
    },
    async settle(uid, id, tokens, money) {
      return (await run(uid, 'settle', [id, bounded(tokens), bounded(money)])) === 1
    },
    async release(uid, id) {
      await run(uid, 'release', [id])
    },
    async renew(uid, calls) {
      const words = calls.flatMap(({ id, isRunning }) => [id, isRunning ? 1 : 0])
      return (await run(uid, 'renew', [HOLD_LEASE_MS, ...words])) as string[]
    },
    async fill(uid, gen, { accounts, open, settled }, lifeMs) {
      const words = [
        ...[HOLD_LEASE_MS, gen, Math.floor(lifeMs)],
        ...[settled.length, ...settled],
        open.length,
        ...open.flatMap(({ id, at, tokens, money, token }) => {
          return [id, at, bounded(tokens), bounded(money), token ?? '-']
        }),
        ...accounts.flatMap(({ owner, tag, period, start, tokens, money }) => {
          return [owner, tag, period, start, bounded(tokens), bounded(money)]
        }),
      ]
      return (await run(uid, 'fill', words)) === 1
    },
  }
}

function readRoom({ id, token }: RoomRequest, reply: string): RoomReply {
  const [kind, ...words] = reply.split(' ')
  const [first = '', second = '', third = '', fourth = ''] = words
  switch (kind) {
    case 'ok': {
      const [tokens, money, at] = [BigInt(second), BigInt(third), Number(fourth)]
      return { kind, granted: Number(first), hold: { id, at, tokens, money, token } }
    }
    case 'full':
      return { kind, quotas: words.map(Number) }
    case 'wait':
      return { kind, ms: Number(first) }
    case 'rebuild':
      return { kind, gen: first, holds: words.slice(1).filter((word) => word !== '') }
    default:
      throw new TypeError(`the quota script answered ${reply}`)
  }
}

function bounded(value: bigint): string {
  return String(value > MOST ? MOST : value)
}
