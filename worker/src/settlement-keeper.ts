/**
 * Brings to MySQL what is still to be settled: what was spooled while MySQL was away, and the calls of
 * workers that are gone. Every worker has one. Whatever it does may be done twice, by two of them or
 * after a crash: a call is settled by the first and left alone by the second.
 */

import type { Logger } from 'pino'
import { type AbandonedCall, settleAbandoned } from './domain/abandoned-call.ts'
import type { PartialAnswer, PartialAnswers } from './domain/partial-answer.ts'
import { decodeSettlement } from './domain/settlement-record.ts'
import { Failure, isAway } from './failure.ts'
import type { OpenCalls } from './open-calls.ts'
import { putAside } from './settler.ts'
import { createStateLog } from './state-log.ts'
import type { Database } from './stores/mysql.ts'
import { withLock } from './stores/named-lock.ts'
import type { Prices } from './stores/prices.ts'
import type { SettlementFiles } from './stores/settlement-files.ts'
import type { SettlementStream, SpooledText } from './stores/settlement-stream.ts'
import type { Settlements } from './stores/settlements.ts'

export interface SettlementKeeperDeps {
  readonly db: Database
  readonly settlements: Settlements
  readonly stream: SettlementStream
  readonly files: SettlementFiles
  readonly partials: PartialAnswers
  readonly prices: Prices
  /** workers.id of this worker. */
  readonly workerId: string
  /** What this worker knows of its own calls. */
  readonly own: Pick<OpenCalls, 'ids' | 'wasNeverSent'>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
  readonly limits?: SweepLimits
}

/** Milliseconds. */
export interface SweepLimits {
  /** A worker silent for so long is gone. */
  readonly silenceMs: number
  /** How long a call waits for a Redis that is away and may know of its answer. */
  readonly patienceMs: number
}

export const SWEEP_LIMITS: SweepLimits = { silenceMs: 30_000, patienceMs: 300_000 }

/** Nobody waits for it, and an answer may be some megabytes. */
const SETTLE_TIMEOUT_MS = 30_000

export interface SettlementKeeper {
  /**
   * Does once all that there is to do; returns false if another worker is at what one does for all.
   * @throws {Failure} storage_unavailable
   */
  work(signal: AbortSignal): Promise<boolean>
}

export function createSettlementKeeper(deps: SettlementKeeperDeps): SettlementKeeper {
  const { db, settlements, stream, files, partials, prices, workerId, own, log, now } = deps
  const { silenceMs, patienceMs } = deps.limits ?? SWEEP_LIMITS
  const redisState = createStateLog(log, 'settlement spool in Redis')
  const filesState = createStateLog(log, 'settlement spool in files')
  /** Calls that MySQL refuses to have settled: told once, and no obstacle for the others. */
  const refused = new Set<string>()

  /** Works off a spool from its oldest entry to its end. */
  async function replay(
    spool: Pick<SettlementStream, 'read' | 'remove'>,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const entries = await spool.read()
      if (entries.length === 0) return
      for (const entry of entries) {
        if (signal.aborted) return
        await settleSpooled(entry)
        await spool.remove(entry.id)
      }
    }
  }

  async function settleSpooled({ id, text }: SpooledText): Promise<void> {
    const settlement = decodeSettlement(text)
    if (settlement === undefined) {
      return await putAside(files, id, text, new Error('not a settlement'), log)
    }
    const requestId = settlement.id
    try {
      const isFirst = await settlements.settle(settlement, SETTLE_TIMEOUT_MS)
      log.info({ requestId, isFirst }, 'spooled settlement stored')
    } catch (error) {
      if (isAway(error)) throw error
      return await putAside(files, requestId, text, error, log)
    }
    await partials.drop(settlement.uid, requestId)
  }

  /** Returns false if the folder cannot be used, so that ends of own calls may lie there. */
  async function replayFiles(signal: AbortSignal): Promise<boolean> {
    try {
      await replay(files, signal)
      filesState.up()
      return true
    } catch (error) {
      // With MySQL away the rest of the work says so.
      if (!isAway(error)) filesState.down(error)
      return false
    }
  }

  /** Returns false if Redis is away, so that nobody knows what is still in its spool. */
  async function replayStream(signal: AbortSignal): Promise<boolean> {
    try {
      await replay(stream, signal)
      redisState.up()
      return true
    } catch (error) {
      // Also a folder in which what MySQL refuses cannot be put aside.
      if (!isRedisAway(error) && !isAway(error)) throw error
      redisState.down(error)
      return false
    }
  }

  async function sweep(
    running: readonly string[] | undefined,
    canReadRedis: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const calls = await settlements.abandoned({ workerId, running, silenceMs })
    for (const call of calls) {
      if (signal.aborted) return
      if (refused.has(call.id)) continue
      const isImpatient = call.silentMs >= patienceMs
      if (!canReadRedis && !isImpatient) continue
      const partial = await partialOf(call, isImpatient)
      if (partial !== 'unknown') await settle(call, partial)
    }
  }

  async function partialOf(
    { uid, id }: AbandonedCall,
    isImpatient: boolean,
  ): Promise<PartialAnswer | undefined | 'never sent' | 'unknown'> {
    if (own.wasNeverSent(id)) return 'never sent'
    try {
      return await partials.read(uid, id)
    } catch (error) {
      if (!isRedisAway(error)) throw error
      return isImpatient ? undefined : 'unknown'
    }
  }

  async function settle(
    call: AbandonedCall,
    partial: PartialAnswer | 'never sent' | undefined,
  ): Promise<void> {
    const settlement = settleAbandoned(call, partial, await prices.book(), now())
    const requestId = call.id
    try {
      const isFirst = await settlements.settle(settlement, SETTLE_TIMEOUT_MS)
      const { tokens, cost } = settlement.result
      log.warn({ requestId, uid: call.uid, isFirst, tokens, cost }, 'abandoned call settled')
    } catch (err) {
      if (isAway(err)) throw err
      refused.add(requestId)
      log.error({ requestId, err }, 'an abandoned call stays open: it cannot be settled')
      return
    }
    await partials.drop(call.uid, requestId)
  }

  return {
    async work(signal) {
      const canReadFiles = await replayFiles(signal)
      const isMine = await withLock(db, 'settlements', async () => {
        const canReadRedis = await replayStream(signal)
        await sweep(canReadFiles ? own.ids() : undefined, canReadRedis, signal)
        return true
      })
      return isMine === true
    },
  }
}

function isRedisAway(error: unknown): boolean {
  return error instanceof Failure && error.code === 'session_store_unavailable'
}
