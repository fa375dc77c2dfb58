/** What MySQL does for the statements of a store: by which indexes, and how many rows it looks at. */

import type { Plan } from '../../scripts/stack/plan.ts'
import {
  createDatabase,
  type Database,
  type Queries,
  type SqlParams,
} from '../../worker/src/stores/mysql.ts'

export interface Recorded {
  /** Rows, and entries of indexes, that were read; those of temporary tables included. */
  readonly reads: number
  /** `table.index` of every table of the statements; the index is ALL where the whole table is read. */
  readonly indexes: readonly string[]
}

/** Runs `work` on a database whose SELECTs are recorded, and returns what they did. */
export async function recordQueries(
  plan: Plan,
  work: (db: Database) => Promise<unknown>,
): Promise<Recorded> {
  // One connection, whose counters are those of its statements.
  const db = createDatabase(plan.worker.mysql, { single: 1, batch: 1 })
  const indexes = new Set<string>()
  let reads = 0

  function recording(inner: Queries): Queries {
    return {
      execute: inner.execute,
      async query<Row>(sql: string, params: SqlParams = []): Promise<Row[]> {
        const options = { timeoutMs: 20_000 }
        const plans = await inner.query<{ EXPLAIN: string }>(
          `EXPLAIN FORMAT=JSON ${sql}`,
          params,
          options,
        )
        for (const { EXPLAIN } of plans) collect(JSON.parse(EXPLAIN), indexes)
        const before = await readsOf(inner)
        const rows = await inner.query<Row>(sql, params, options)
        reads += (await readsOf(inner)) - before
        return rows
      },
    }
  }
  try {
    await work({
      ...db,
      ...recording(db),
      transaction: (inside, timeoutMs) => db.transaction((tx) => inside(recording(tx)), timeoutMs),
    })
  } finally {
    await db.close()
  }
  return { reads, indexes: [...indexes].toSorted() }
}

async function readsOf(db: Queries): Promise<number> {
  const rows = await db.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'")
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
}

/** Looks for tables in a plan, of whichever version of the format. */
function collect(node: unknown, indexes: Set<string>): void {
  if (Array.isArray(node)) for (const one of node) collect(one, indexes)
  if (typeof node !== 'object' || node === null) return
  const { table_name, alias, index_name, key, access_type } = node as Record<string, unknown>
  const table = typeof alias === 'string' ? alias : table_name
  if (typeof table === 'string' && !table.startsWith('<')) {
    indexes.add(
      `${table}.${String(index_name ?? key ?? (access_type === 'table' ? 'ALL' : access_type))}`,
    )
  }
  for (const child of Object.values(node)) collect(child, indexes)
}
