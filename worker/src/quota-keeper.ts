/** Quotas: what a call may use is reserved before it is made, and counted when it is settled. */

import type { Logger } from 'pino'
import { parseDecimal } from './domain/decimal.ts'
import {
  COST_SCALE,
  DEFAULT_CURRENCY,
  dearestPrices,
  type PriceBook,
  type TokenPrices,
} from './domain/price.ts'
import {
  LEAST_ANSWER_TOKENS,
  promptTokens,
  type QuotaRequest,
  type Quotas,
  type Reservation,
  wantedTokens,
} from './domain/quota.ts'
import type { KnownQuotas, QuotaBook } from './domain/quota-book.ts'
import { moneyText } from './domain/quota-terms.ts'
import type { Settlement } from './domain/settlement-record.ts'
import { Failure, isAway } from './failure.ts'
import type { HeldCalls } from './held-calls.ts'
import { accountsOf, type BindQuotas } from './quota-accounts.ts'
import { quotaExhausted } from './quota-exhausted.ts'
import type { BoundQuota, QuotaState, RoomReply } from './stores/quota-state.ts'
import type { QuotaUsage } from './stores/quota-usage.ts'
import type { Settlements } from './stores/settlements.ts'
import type { ZoneOf } from './user-zone.ts'

export interface QuotaKeeperDeps {
  readonly book: QuotaBook
  readonly state: QuotaState
  readonly usage: QuotaUsage
  readonly held: HeldCalls
  readonly bind: BindQuotas
  readonly zoneOf: ZoneOf
  readonly prices: { book(): Promise<PriceBook> }
  readonly sleep: (ms: number) => Promise<void>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

export interface QuotaKeeper extends Quotas {
  /** Returns settlements that count each call in its quotas, whoever settles it and however late. */
  watch(settlements: Settlements): Settlements
}

/** Seconds after which a caller may try again when quotas cannot be counted. */
const RETRY_AFTER_S = 2

/** Each needs something to happen at the very moment; so many in a row are a defect, or a Redis that flickers. */
const MAX_ATTEMPTS = 12

/** A state that nothing is wrong with is made anew twice a day all the same, ms. */
const STATE_LIFE_MS = 43_200_000

type Rebuild = Extract<RoomReply, { kind: 'rebuild' }>

export function createQuotaKeeper(deps: QuotaKeeperDeps): QuotaKeeper {
  const { book, state, usage, held, bind, zoneOf, prices, sleep, log, now } = deps
  /** By user and quotas: a crowd needs it once. */
  const rebuilding = new Map<string, Promise<void>>()

  async function ownersOf({ uid, token }: QuotaRequest): Promise<readonly KnownQuotas[]> {
    const known = await book.ofUser(uid)
    const owners = [known.get('u'), token === undefined ? undefined : known.get(`t${token}`)]
    return owners.filter((owner) => owner !== undefined)
  }

  async function makeRoom(
    request: QuotaRequest,
    owners: readonly KnownQuotas[],
  ): Promise<Reservation> {
    const { uid, requestId } = request
    const [zone, list] = await Promise.all([zoneOf(uid), prices.book()])
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const at = now()
      const quotas = bind(owners, zone, at)
      const call = callOf(request, at, dearestPrices(list, request.model, at))
      const reply = await state.reserve(uid, call, quotas)
      switch (reply.kind) {
        case 'ok':
          held.hold(uid, requestId)
          return {
            maxTokens: reply.granted,
            tokens: Number(reply.hold.tokens),
            cost: moneyText(reply.hold.money).amount,
            at: reply.hold.at,
          }
        case 'full':
          throw quotaExhausted(
            quotas.filter((_, index) => reply.quotas.includes(index)),
            zone,
            at,
          )
        case 'wait':
          await sleep(reply.ms)
          break
        case 'rebuild':
          await rebuildOnce(uid, quotas, reply, lifeOf(owners))
      }
    }
    throw new Failure('limits_unavailable', { retryAfter: RETRY_AFTER_S })
  }

  /** While some worker may not know of the quotas, what it does not tell has to be found again soon. */
  function lifeOf(owners: readonly KnownQuotas[]): number {
    const rest = Math.max(...owners.map(({ settledAt }) => settledAt)) - now()
    return rest > 0 ? rest : STATE_LIFE_MS
  }

  function rebuildOnce(
    uid: string,
    quotas: readonly BoundQuota[],
    reply: Rebuild,
    lifeMs: number,
  ): Promise<void> {
    const accounts = accountsOf(quotas)
    const key = [uid, ...accounts.map(({ owner, tag, start }) => `${owner} ${tag} ${start}`)].join()
    const running = rebuilding.get(key)
    if (running !== undefined) return running
    const started = (async () => {
      const books = await usage.read(uid, accounts, reply.holds)
      const isFilled = await state.fill(uid, reply.gen, books, lifeMs)
      log.debug({ uid, isFilled }, 'quotas counted anew')
    })().finally(() => rebuilding.delete(key))
    rebuilding.set(key, started)
    return started
  }

  /** A call of this worker, or of somebody who has a quota by now. */
  async function concerns({ uid, id }: Settlement): Promise<boolean> {
    if (held.has(id)) return true
    const known = await book.ofUser(uid).catch(() => undefined)
    return known !== undefined && known.size > 0
  }

  return {
    async reserve(request) {
      const owners = await ownersOf(request)
      const { maxTokens } = request
      if (owners.length === 0) return { maxTokens, tokens: 0, cost: '0', at: now() }
      try {
        return await makeRoom(request, owners)
      } catch (error) {
        if (!isRedisAway(error)) throw error
        // It may have been carried out all the same.
        void state.release(request.uid, request.requestId).catch(() => {})
        throw new Failure('limits_unavailable', { retryAfter: RETRY_AFTER_S }, { cause: error })
      }
    },

    async release(requestId) {
      const uid = held.drop(requestId)
      if (uid === undefined) return
      // If this fails it lapses.
      await state.release(uid, requestId).catch(() => {})
    },

    watch: (settlements) => ({
      ...settlements,
      async settle(settlement, timeoutMs) {
        const { id, uid, result } = settlement
        held.end(id)
        try {
          const isFirst = await settlements.settle(settlement, timeoutMs)
          if (await concerns(settlement)) await held.count(uid, id, usedBy(result))
          return isFirst
        } catch (error) {
          // What MySQL refuses stays open, and nobody knows for how long.
          if (!isAway(error)) held.drop(id)
          throw error
        }
      },
    }),
  }
}

function callOf(request: QuotaRequest, at: number, { prompt, answer }: TokenPrices) {
  const tokens = promptTokens(request)
  return {
    id: request.requestId,
    at,
    token: request.token,
    promptTokens: tokens,
    promptMoney: BigInt(tokens) * prompt,
    wantedTokens: wantedTokens(request),
    price: answer,
    leastTokens: LEAST_ANSWER_TOKENS,
  }
}

function usedBy({ tokens, cost }: Settlement['result']) {
  return {
    tokens: BigInt(tokens.promptTokens + tokens.completionTokens),
    money: cost.currency === DEFAULT_CURRENCY ? parseDecimal(cost.cost, COST_SCALE) : 0n,
  }
}

function isRedisAway(error: unknown): boolean {
  return error instanceof Failure && error.code === 'session_store_unavailable'
}
