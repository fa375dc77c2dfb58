/**
 * All quotas, known to the worker: so a call of somebody without one asks nobody. The book is read anew when
 * it is needed and older than BOOK_MS, and then only what was changed.
 */

import type { OwnerQuotas, Quota, QuotaOwner, QuotaPeriod, QuotaUnit } from './quota-terms.ts'

/** One quota as it is in MySQL now. */
export interface ChangedQuota {
  readonly uid: string
  readonly owner: QuotaOwner
  readonly unit: QuotaUnit
  readonly period: QuotaPeriod
  /** Undefined: no quota any more. */
  readonly amount: bigint | undefined
  readonly version: number
  /** How long ago it was changed, ms. */
  readonly ageMs: number
}

export interface ChangedQuotas {
  readonly rows: readonly ChangedQuota[]
  /** From when on to look next time. */
  readonly next: Date
}

/** The quotas of an owner, and for how long somebody may not know of them. */
export interface KnownQuotas extends OwnerQuotas {
  /** Unix ms: from then on every worker knows them. */
  readonly settledAt: number
}

export interface QuotaBook {
  /**
   * Returns the quotas of a user and of the user's tokens by owner; none: empty. While MySQL is away that is
   * what was known last.
   * @throws {Failure} storage_unavailable if nothing was ever known
   */
  ofUser(uid: string): Promise<ReadonlyMap<QuotaOwner, KnownQuotas>>
  /** Makes the next look a new one: this worker has changed something. */
  outdate(): void
}

export interface QuotaBookPorts {
  readonly changedSince: (since: Date | undefined) => Promise<ChangedQuotas>
  /** Unix milliseconds. */
  readonly now: () => number
}

/** How long the book is believed, ms. */
export const BOOK_MS = 2000

/**
 * So long after a change some worker may make calls without knowing of it, ms: what it believes, and the
 * longest that it may take to read on.
 */
const SPREAD_MS = BOOK_MS + 3000

interface Entry extends ChangedQuota {
  /** Unix ms. */
  readonly changedAt: number
}

/** By unit and period; those that are no quotas any more too, so that an older reading changes nothing. */
type Entries = Map<string, Entry>

const NONE: ReadonlyMap<QuotaOwner, KnownQuotas> = new Map()

export function createQuotaBook({ changedSince, now }: QuotaBookPorts): QuotaBook {
  const users = new Map<string, Map<QuotaOwner, Entries>>()
  let next: Date | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let edition = 0
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const [startedAt, readEdition] = [now(), edition]
    const changed = await changedSince(next)
    for (const row of changed.rows) enter(row)
    next = changed.next
    if (edition === readEdition) readAt = startedAt
  }

  function enter(row: ChangedQuota): void {
    const owners = users.get(row.uid) ?? new Map<QuotaOwner, Entries>()
    const entries: Entries = owners.get(row.owner) ?? new Map()
    const place = `${row.unit} ${row.period}`
    if (row.version < (entries.get(place)?.version ?? 0)) return
    users.set(row.uid, owners.set(row.owner, entries))
    entries.set(place, { ...row, changedAt: now() - row.ageMs })
  }

  async function renew(): Promise<void> {
    if (now() - readAt < BOOK_MS) return
    reading ??= read().finally(() => {
      reading = undefined
    })
    try {
      await reading
    } catch (error) {
      if (next === undefined) throw error
    }
  }

  return {
    async ofUser(uid) {
      await renew()
      const owners = users.get(uid)
      if (owners === undefined) return NONE
      const known = [...owners].map(([owner, entries]) => knownQuotas(owner, entries))
      return new Map(
        known.filter(({ quotas }) => quotas.length > 0).map((each) => [each.owner, each]),
      )
    },
    outdate() {
      edition += 1
      readAt = Number.NEGATIVE_INFINITY
      reading = undefined
    },
  }
}

function knownQuotas(owner: QuotaOwner, entries: Entries): KnownQuotas {
  const rows = [...entries.values()]
  return {
    owner,
    quotas: rows.flatMap(({ unit, period, amount }): Quota[] =>
      amount === undefined ? [] : [{ unit, period, amount }],
    ),
    version: Math.max(...rows.map(({ version }) => version)),
    settledAt: Math.max(...rows.map(({ changedAt }) => changedAt)) + SPREAD_MS,
  }
}
