/** Settling in MySQL: bill, answer and sums in one transaction, whoever does it and however often. */

import type { AbandonedCall } from '../domain/abandoned-call.ts'
import type { Settlement } from '../domain/settlement-record.ts'
import { writeAnswer } from './conversations.ts'
import { repeatDeadlocked } from './deadlocks.ts'
import type { Database } from './mysql.ts'
import { hasUsage, settleUsage } from './token-usage.ts'
import { addToRollups } from './usage-rollups.ts'
import { LONGEST_GAP_S } from './workers.ts'

export interface Settlements {
  /**
   * Settles a call; returns false if it was settled before, which changes nothing.
   * @param timeoutMs upper bound of each statement; a large answer late may take longer than one now
   * @throws {Failure} storage_unavailable: it may or may not be done. Anything else: it never can be
   */
  settle(settlement: Settlement, timeoutMs?: number): Promise<boolean>
  /** Returns some calls that nobody will settle any more, oldest first. */
  abandoned(search: AbandonedSearch): Promise<readonly AbandonedCall[]>
}

export interface AbandonedSearch {
  /**
   * workers.id of who looks. It finds nothing until it has itself been seen for as long as `silenceMs`,
   * and lately: after an outage it may look before it, or anybody, could beat.
   */
  readonly workerId: string
  /** Own calls that are under way; undefined: look at no own ones. */
  readonly running: readonly string[] | undefined
  /** How long a worker has to be silent, by MySQL's clock. */
  readonly silenceMs: number
}

const BATCH = 100

interface AbandonedRow {
  readonly id: string
  readonly uid: string
  readonly message_id: string | null
  readonly model: string
  readonly prompt_estimate: number
  readonly started_at: Date
  readonly seen_ms: string
  readonly silent_ms: string
}

export function createSettlements(db: Database): Settlements {
  return {
    settle(settlement, timeoutMs) {
      const { id, messageId, result } = settlement
      return repeatDeadlocked(async () => {
        // Always in this order, the most wanted rows last: fewer deadlocks, shorter waits.
        const [settled] = await db.atomically(
          [
            ...settleUsage(settlement),
            ...(messageId === null ? [] : [writeAnswer(messageId, result)]),
            ...addToRollups(id),
          ],
          timeoutMs,
        )
        const isFirst = settled?.affectedRows === 1
        if (!isFirst && !(await hasUsage(db, id))) throw new Error(`no usage row of ${id}`)
        return isFirst
      })
    },

    async abandoned({ workerId, running, silenceMs }) {
      const silence = silenceMs * 1000
      const rows = await db.query<AbandonedRow>(
        `SELECT u.request_id AS id, u.user_id AS uid, m.id AS message_id, u.model_requested AS model,
           u.reserved_tokens AS prompt_estimate, u.started_at,
           TIMESTAMPDIFF(MICROSECOND, u.started_at,
             IF(w.id <> me.id, w.seen_at, u.started_at)) DIV 1000 AS seen_ms,
           TIMESTAMPDIFF(MICROSECOND, IF(w.id <> me.id, w.seen_at, u.started_at), NOW(3)) DIV 1000
             AS silent_ms
         FROM workers me
         JOIN token_usage u ON u.state = 'open'
         LEFT JOIN workers w ON w.id = u.worker_id
         LEFT JOIN messages m ON m.request_id = u.request_id AND m.role = 'assistant'
         WHERE me.id = ? AND me.steady_since <= NOW(3) - INTERVAL ? MICROSECOND
           AND me.seen_at >= NOW(3) - INTERVAL ? SECOND
           AND u.started_at < NOW(3) - INTERVAL ? MICROSECOND
           AND (w.id IS NULL
             OR (w.id <> me.id AND w.seen_at < NOW(3) - INTERVAL ? MICROSECOND)
             OR (w.id = me.id AND ? AND u.request_id NOT IN (?)))
         ORDER BY u.started_at LIMIT ?`,
        [
          ...[workerId, silence, LONGEST_GAP_S, silence, silence, running !== undefined],
          // An empty list would be no SQL.
          ['', ...(running ?? [])],
          BATCH,
        ],
      )
      return rows.map((row) => ({
        id: row.id,
        uid: row.uid,
        messageId: row.message_id,
        model: row.model,
        promptEstimate: row.prompt_estimate,
        startedAt: row.started_at.getTime(),
        seenMs: Math.max(0, Number(row.seen_ms)),
        silentMs: Number(row.silent_ms),
      }))
    },
  }
}
