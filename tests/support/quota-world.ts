/** Quotas over a real Redis, with books in memory in the place of MySQL: several workers at once. */

import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { PriceBook } from '../../worker/src/domain/price.ts'
import type { Reservation } from '../../worker/src/domain/quota.ts'
import type { KnownQuotas } from '../../worker/src/domain/quota-book.ts'
import type { Quota, QuotaOwner } from '../../worker/src/domain/quota-terms.ts'
import { createHeldCalls, type HeldCalls } from '../../worker/src/held-calls.ts'
import { createBindQuotas } from '../../worker/src/quota-accounts.ts'
import { createQuotaKeeper, type QuotaKeeper } from '../../worker/src/quota-keeper.ts'
import { createQuotaState, type QuotaState } from '../../worker/src/stores/quota-state.ts'
import type { QuotaUsage } from '../../worker/src/stores/quota-usage.ts'
import { connectRedis } from './redis.ts'
import { endOf } from './settlement.ts'

/** One call as MySQL would have it. */
export interface BookedCall {
  readonly id: string
  readonly token: string | undefined
  readonly reserved: Reservation
  /** Undefined while it is open. */
  used: number | undefined
}

export interface QuotaWorld {
  readonly uid: string
  readonly calls: Map<string, BookedCall>
  readonly workers: readonly QuotaWorker[]
  /** Tokens used and reserved by the books, of the user or of a token. */
  taken(owner: QuotaOwner): number
  close(): void
}

export interface QuotaWorker {
  readonly quotas: QuotaKeeper
  readonly held: HeldCalls
  readonly state: QuotaState
  /** Settles a call in the books, if it is open, and tells Redis. */
  settle(id: string, tokens: number): Promise<boolean>
}

export interface WorldOptions {
  readonly uid: string
  readonly workers: number
  readonly quotas: ReadonlyMap<QuotaOwner, readonly Quota[]>
  /** How long reading and telling take, each time anew; ms. */
  readonly pause?: () => number
  /** Waited for when the books have been read and before Redis is told. */
  readonly afterReading?: () => Promise<void>
  readonly now?: () => number
  readonly timeZone?: string
  readonly prices?: PriceBook
}

const SILENT = pino({ level: 'silent' })
const FREE: PriceBook = { rows: [], aliases: new Map(), holidays: new Set() }

export async function quotaWorld(plan: Plan, options: WorldOptions): Promise<QuotaWorld> {
  const { uid, pause = () => 0, now = Date.now } = options
  const calls: QuotaWorld['calls'] = new Map()
  const connections = await Promise.all(
    Array.from({ length: options.workers }, () => connectRedis(plan.worker.redisUrl)),
  )
  const known = new Map(
    [...options.quotas].map(([owner, quotas]): [QuotaOwner, KnownQuotas] => {
      return [owner, { owner, quotas, version: 1, settledAt: 0 }]
    }),
  )

  const usage: QuotaUsage = {
    async read(_uid, accounts, asked) {
      await delay(pause())
      const all = [...calls.values()]
      const books = {
        accounts: accounts.map((account) => {
          const { owner, start, end } = account
          const used = all
            .filter(({ token }) => owner === 'u' || owner === `t${token}`)
            .filter(({ reserved: { at } }) => at >= start && at < end)
            .reduce((sum, call) => sum + (call.used ?? 0), 0)
          return { ...account, tokens: BigInt(used), money: 0n }
        }),
        open: all
          .filter((call) => call.used === undefined)
          .map(({ id, token, reserved: { at, tokens } }) => {
            return { id, token, at, tokens: BigInt(tokens), money: 0n }
          }),
        settled: asked.filter((id) => calls.get(id)?.used !== undefined),
      }
      await delay(pause())
      await options.afterReading?.()
      return books
    },
  }

  function workerOn(connection: (typeof connections)[number]): QuotaWorker {
    const state = createQuotaState(connection)
    const held = createHeldCalls(state, SILENT)
    const quotas = createQuotaKeeper({
      ...{ state, usage, held, now, log: SILENT },
      book: { ofUser: async () => known, outdate: () => {} },
      bind: createBindQuotas(),
      zoneOf: async () => options.timeZone ?? 'Asia/Shanghai',
      prices: { book: async () => options.prices ?? FREE },
      sleep: (ms) => delay(ms),
    })
    const { settle } = quotas.watch({
      abandoned: async () => [],
      async settle({ id, result }) {
        await delay(pause())
        const call = calls.get(id)
        const isFirst = call !== undefined && call.used === undefined
        if (isFirst) call.used = result.tokens.promptTokens + result.tokens.completionTokens
        await delay(pause())
        return isFirst
      },
    })
    return {
      ...{ quotas, held, state },
      settle(id, tokens) {
        const counts = { promptTokens: tokens, cachedTokens: 0 }
        const result = { tokens: { ...counts, completionTokens: 0, reasoningTokens: 0 } }
        return settle({ ...endOf({ id, messageId: null }, result), uid })
      },
    }
  }

  return {
    ...{ uid, calls },
    workers: connections.map(workerOn),
    taken: (owner) =>
      [...calls.values()]
        .filter(({ token }) => owner === 'u' || owner === `t${token}`)
        .reduce((sum, { used, reserved }) => sum + (used ?? reserved.tokens), 0),
    close() {
      for (const connection of connections) connection.disconnect()
    },
  }
}
