/** A process of its own that settles calls: what it is sent, all at the same time. */

import type { Settlement } from '../../worker/src/domain/settlement-record.ts'
import type { WorkerEnv } from '../../worker/src/env.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { createSettlements } from '../../worker/src/stores/settlements.ts'
import { PATIENT_MS } from './settlement.ts'

interface Order {
  readonly mysql: WorkerEnv['mysql']
  readonly ends: readonly Settlement[]
}

process.once('message', async ({ mysql, ends }: Order) => {
  const db = createDatabase(mysql)
  const { settle } = createSettlements(db)
  const isFirst = await Promise.all(ends.map((end) => settle(end, PATIENT_MS)))
  process.send?.(isFirst.filter(Boolean).length)
  await db.close()
})
