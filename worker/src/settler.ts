/**
 * Where the end of a call goes: MySQL, or while MySQL is away or busy a Redis stream, or while that is
 * away or full too a file. From the spools the settlement keeper brings it to MySQL.
 */

import type { Logger } from 'pino'
import type { Kept } from './domain/settlement.ts'
import {
  type EndedCall,
  encodeSettlement,
  type Settlement,
  settlementOf,
} from './domain/settlement-record.ts'
import type { TurnResult } from './domain/turn.ts'
import { Failure, isAway } from './failure.ts'
import type { SettlementFiles } from './stores/settlement-files.ts'
import type { SettlementStream } from './stores/settlement-stream.ts'
import type { Settlements } from './stores/settlements.ts'

export interface SettlerDeps {
  readonly settlements: Pick<Settlements, 'settle'>
  readonly stream: Pick<SettlementStream, 'add'>
  readonly files: Pick<SettlementFiles, 'add' | 'putAside'>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

export interface Settler {
  /**
   * Keeps the end of a call in MySQL, in a spool, or, if MySQL refuses it for good, for a person to see;
   * may be repeated.
   * @throws {Failure} storage_unavailable when MySQL, Redis and the disk all fail
   */
  store(call: EndedCall, result: TurnResult): Promise<Kept>
}

/** Calls that wait for MySQL at a time; they are settled together (stores/settlements.ts). */
const MAX_SETTLING = 100
/** So long nobody else waits for a MySQL that did not answer. */
const AVOIDED_MS = 1000

export function createSettler({ settlements, stream, files, log, now }: SettlerDeps): Settler {
  let settling = 0
  let avoidedUntil = 0

  async function settle(settlement: Settlement): Promise<void> {
    if (now() < avoidedUntil || settling === MAX_SETTLING) throw new Failure('storage_unavailable')
    settling += 1
    try {
      await settlements.settle(settlement)
    } catch (error) {
      if (isAway(error)) avoidedUntil = now() + AVOIDED_MS
      throw error
    } finally {
      settling -= 1
    }
  }

  return {
    async store(call, result) {
      const settlement = settlementOf(call, result, now())
      try {
        await settle(settlement)
        return 'stored'
      } catch (error) {
        if (!isAway(error)) {
          await putAside(files, settlement.id, encodeSettlement(settlement), error, log)
          return 'aside'
        }
        await spool(settlement, error)
        return 'spooled'
      }
    },
  }

  async function spool(settlement: Settlement, reason: unknown): Promise<void> {
    const text = encodeSettlement(settlement)
    const requestId = settlement.id
    try {
      const isKept = await stream.add(text).catch(() => false)
      if (!isKept) await files.add(requestId, text)
      const where = isKept ? 'redis' : 'file'
      log.warn({ requestId, where, err: reason }, 'settlement spooled: MySQL does not take it now')
    } catch (cause) {
      throw new Failure('storage_unavailable', {}, { cause })
    }
  }
}

/**
 * Keeps a settlement that MySQL refuses, so that a person can look at it and nothing waits behind it.
 * @throws {Failure} storage_unavailable if it cannot be kept either
 */
export async function putAside(
  files: Pick<SettlementFiles, 'putAside'>,
  id: string,
  text: string,
  err: unknown,
  log: Logger,
): Promise<void> {
  try {
    await files.putAside(id, text)
  } catch (cause) {
    throw new Failure('storage_unavailable', {}, { cause })
  }
  log.error({ id, err }, 'settlement put aside: it cannot be stored')
}
