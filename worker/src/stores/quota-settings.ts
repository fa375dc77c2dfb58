/** The table of quotas: what owners may use. */

import { formatDecimal, parseDecimal } from '../domain/decimal.ts'
import { COST_SCALE } from '../domain/price.ts'
import type { ChangedQuotas } from '../domain/quota-book.ts'
import {
  type OwnerQuotas,
  type Quota,
  type QuotaPeriod,
  type QuotaUnit,
  sameQuotas,
} from '../domain/quota-terms.ts'
import { Failure } from '../failure.ts'
import type { Database, Queries } from './mysql.ts'

/** A user's quotas as they were set. */
export type SetQuotas = Pick<OwnerQuotas, 'version' | 'quotas'>

/** What is done in the transaction of a change, such as recording it. */
export type AlongWith = (tx: Queries, before: SetQuotas, after: SetQuotas) => Promise<void>

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface QuotaSettings {
  /** Returns a user's own quotas; version 0 and none until there were any. */
  ofUser(uid: string): Promise<SetQuotas>
  /**
   * Sets a user's quotas in the place of what there was, and returns them with their new version; undefined
   * if there is no such user.
   * @param version of the quotas that they take the place of
   * @throws {Failure} conflict if somebody has changed them since
   */
  setForUser(
    uid: string,
    version: number,
    quotas: readonly Quota[],
    alongWith?: AlongWith,
  ): Promise<SetQuotas | undefined>
  /** Returns what was changed since, and the moment to ask from next time; MySQL's clock. */
  changedSince(since: Date | undefined): Promise<ChangedQuotas>
}

/** What is being written longer than this does not happen: statements have a time limit. */
const OVERLAP_S = 10
const LOAD_TIMEOUT_MS = 5000

interface QuotaRow {
  readonly unit: QuotaUnit
  readonly period: QuotaPeriod
  readonly amount: string | null
  readonly version: number
}

interface ChangedRow extends QuotaRow {
  readonly uid: string
  readonly kind: 'user' | 'token'
  readonly id: string
  readonly age_us: string
}

export function createQuotaSettings(db: Database): QuotaSettings {
  return {
    ofUser: (uid) => readQuotas(db, 'user', uid),

    setForUser: (uid, version, quotas, alongWith) =>
      db.transaction(async (tx) => {
        // Whoever changes a user's quotas waits here for others who do.
        const users = await tx.query('SELECT id FROM users WHERE id = ? FOR UPDATE', [uid])
        if (users.length === 0) return undefined
        const before = await readQuotas(tx, 'user', uid)
        if (before.version !== version) throw new Failure('conflict')
        if (sameQuotas(before.quotas, quotas)) return before
        const after = { version: version + 1, quotas }
        await writeQuotas(tx, { kind: 'user', id: uid, uid }, after)
        await alongWith?.(tx, before, after)
        return after
      }),

    async changedSince(since) {
      const [clock] = await db.query<{ next: Date }>(
        `SELECT NOW(3) - INTERVAL ${OVERLAP_S} SECOND AS next`,
      )
      if (clock === undefined) throw new Error('MySQL answered no row')
      const rows = await db.query<ChangedRow>(
        `SELECT user_id AS uid, owner_kind AS kind, owner_id AS id, unit, period, amount, version,
           TIMESTAMPDIFF(MICROSECOND, updated_at, NOW(3)) AS age_us
         FROM quotas WHERE updated_at >= ?`,
        [since ?? new Date(0)],
        { timeoutMs: LOAD_TIMEOUT_MS },
      )
      return {
        next: clock.next,
        rows: rows.map(({ uid, kind, id, unit, period, amount, version, age_us }) => ({
          ...{ uid, unit, period, version },
          owner: kind === 'user' ? 'u' : `t${id}`,
          amount: amount === null ? undefined : parseDecimal(amount, scaleOf(unit)),
          ageMs: Number(age_us) / 1000,
        })),
      }
    },
  }
}

/** Whose quotas are written: `uid` is the user, or the owner of the token. */
export interface QuotaHolder {
  readonly kind: 'user' | 'token'
  readonly id: string
  readonly uid: string
}

/** Returns the quotas of one owner. */
export async function readQuotas(
  db: Queries,
  kind: 'user' | 'token',
  id: string,
): Promise<SetQuotas> {
  const rows = await db.query<QuotaRow>(
    `SELECT unit, period, amount, version FROM quotas WHERE owner_kind = ? AND owner_id = ?
     ORDER BY period, unit`,
    [kind, id],
  )
  return {
    version: Math.max(0, ...rows.map(({ version }) => version)),
    quotas: quotasOf(rows),
  }
}

/** Returns the quotas of all tokens of a user. */
export async function readTokenQuotas(
  db: Queries,
  uid: string,
): Promise<readonly { readonly id: string; readonly quota: Quota }[]> {
  const rows = await db.query<QuotaRow & { readonly id: string }>(
    `SELECT owner_id AS id, unit, period, amount, version FROM quotas
     WHERE user_id = ? AND owner_kind = 'token' ORDER BY owner_id, period, unit`,
    [uid],
  )
  return rows.flatMap(({ id, ...row }) => quotasOf([row]).map((quota) => ({ id, quota })))
}

function quotasOf(rows: readonly QuotaRow[]): readonly Quota[] {
  return rows.flatMap(({ unit, period, amount }) =>
    amount === null ? [] : [{ unit, period, amount: parseDecimal(amount, scaleOf(unit)) }],
  )
}

/** Writes the quotas of an owner whose row is locked in the place of those there are. */
export async function writeQuotas(
  tx: Queries,
  { kind, id, uid }: QuotaHolder,
  { version, quotas }: SetQuotas,
): Promise<void> {
  await tx.execute(
    `UPDATE quotas SET amount = NULL, version = ?, updated_at = NOW(3)
     WHERE owner_kind = ? AND owner_id = ?`,
    [version, kind, id],
  )
  if (quotas.length === 0) return
  const row = '(?, ?, ?, ?, ?, ?, ?, NOW(3))'
  await tx.execute(
    `INSERT INTO quotas (owner_kind, owner_id, user_id, unit, period, amount, version, updated_at)
     VALUES ${quotas.map(() => row).join(', ')} AS new
     ON DUPLICATE KEY UPDATE amount = new.amount`,
    quotas.flatMap(({ unit, period, amount }) => {
      return [kind, id, uid, unit, period, formatDecimal(amount, scaleOf(unit)), version]
    }),
  )
}

/** Decimals of an amount. */
function scaleOf(unit: QuotaUnit): number {
  return unit === 'money' ? COST_SCALE : 0
}
