/**
 * Sums of settled calls over ranges of time: whole hours from the hourly sums, long ranges from what is
 * derived of them (usage-seal.ts), and only what a zone cuts off an hour from the calls themselves. An
 * open call counts when it is settled, in the bucket in which it began.
 */

import { coverBuckets } from '../domain/usage-cover.ts'
import { addUsage, NO_USAGE, type UsageSum } from '../domain/usage-sum.ts'
import type { Database, Queries } from './mysql.ts'
import { readSeal } from './usage-seal.ts'
import {
  type Part,
  rangePart,
  runningPart,
  SOURCES,
  type SumRange,
  type UsageGroup,
} from './usage-sum-parts.ts'
import { type SumRow, sumOf } from './usage-sum-rows.ts'

/** Sums by bucket, by model, api_keys.id (0: none) or ending; by the empty text if not grouped. */
export type GroupedSums = ReadonlyMap<string, readonly UsageSum[]>

export interface UsageSums {
  /**
   * @param uid whose calls; undefined: everybody's
   * @param edges ascending, Unix ms from 0: bucket i is [edges[i], edges[i + 1])
   * @throws {Failure} storage_unavailable
   */
  sums(uid: string | undefined, edges: readonly number[], group: UsageGroup): Promise<GroupedSums>
}

const DAY_MS = 86_400_000
/** For long ranges while nothing is derived yet; most take a hundredth of it. */
const TIMEOUT_MS = 5000

interface Row extends SumRow {
  readonly part: string
  readonly at: string
  readonly value: string
}

export function createUsageSums(db: Database): UsageSums {
  return {
    async sums(uid, edges, group) {
      const { hours, pieces } = coverBuckets(edges)
      const buckets = hours
        .slice(0, -1)
        .map((from, bucket) => ({ from, to: hours[bucket + 1] ?? from, bucket, home: undefined }))
      const calls = rangePart(
        uid === undefined ? SOURCES.allCalls : SOURCES.userCalls,
        pieces,
        group,
        uid,
      )

      // In one snapshot: what is sealed, and what is not.
      const [parts, rows] = await db.transaction(async (tx) => {
        const { since, until } = await readSeal(tx)
        const kept =
          uid === undefined
            ? everybody(buckets, since, until, group)
            : ofUser(uid, buckets, since, until, group)
        const all = [...kept, calls].filter((part) => part !== undefined)
        return [all, await readParts(tx, all)] as const
      })
      return added(parts, rows, edges.length - 1)
    },
  }
}

async function readParts(tx: Queries, parts: readonly Part[]): Promise<readonly Row[]> {
  if (parts.length === 0) return []
  return await tx.query<Row>(
    parts
      .map(({ selection }, index) => `SELECT ${index} AS part, ${selection}`)
      .join(' UNION ALL '),
    parts.flatMap(({ params }) => params),
    { timeoutMs: TIMEOUT_MS },
  )
}

function everybody(
  buckets: readonly SumRange[],
  since: number,
  until: number,
  group: UsageGroup,
): readonly (Part | undefined)[] {
  const outside = buckets.flatMap((one) => [within(one, 0, since), within(one, until, Infinity)])
  return [
    runningPart(
      buckets.map((one) => within(one, since, until)),
      group,
    ),
    rangePart(SOURCES.allHours, outside.toSorted(byTime), group, undefined),
  ]
}

/** Days that are whole in UTC and in one bucket come in one piece: of a month few hours are left. */
function ofUser(
  uid: string,
  buckets: readonly SumRange[],
  since: number,
  until: number,
  group: UsageGroup,
): readonly (Part | undefined)[] {
  const days: SumRange[] = []
  const hours: SumRange[] = []
  for (const one of buckets) {
    const from = Math.ceil(Math.max(one.from, since) / DAY_MS) * DAY_MS
    const to = Math.floor(Math.min(one.to, until) / DAY_MS) * DAY_MS
    if (group !== 'none' || from >= to) hours.push(one)
    else {
      days.push({ ...one, from, to })
      hours.push({ ...one, to: from }, { ...one, from: to })
    }
  }
  return [
    rangePart(SOURCES.userDays, days, group, uid),
    rangePart(SOURCES.userHours, hours, group, uid),
  ]
}

function within(range: SumRange, from: number, to: number): SumRange {
  return { ...range, from: clamp(range.from, from, to), to: clamp(range.to, from, to) }
}

function clamp(value: number, from: number, to: number): number {
  return Math.min(Math.max(value, from), to)
}

function byTime(a: SumRange, b: SumRange): number {
  return a.from - b.from
}

function added(parts: readonly Part[], rows: readonly Row[], count: number): GroupedSums {
  const groups = new Map<string, UsageSum[]>()
  for (const row of rows) {
    const sums = groups.get(row.value) ?? Array.from({ length: count }, () => NO_USAGE)
    groups.set(row.value, sums)
    const sum = sumOf(row)
    const add = (bucket: number | undefined, sign: 1 | -1) => {
      if (bucket !== undefined) sums[bucket] = addUsage(sums[bucket] ?? NO_USAGE, sum, sign)
    }
    for (const { bucket, home } of parts[Number(row.part)]?.ranges(row.at) ?? []) {
      add(bucket, 1)
      add(home, -1)
    }
  }
  return groups
}
