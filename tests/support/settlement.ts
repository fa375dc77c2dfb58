/** Settling outside a worker: the same code on the stack's MySQL, with limits of the test's own. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { PartialAnswer, PartialAnswers } from '../../worker/src/domain/partial-answer.ts'
import type { Settlement } from '../../worker/src/domain/settlement-record.ts'
import { Failure } from '../../worker/src/failure.ts'
import { createSettlementKeeper, type SweepLimits } from '../../worker/src/settlement-keeper.ts'
import { createSettlementSide, type SettlementSide } from '../../worker/src/settlement-side.ts'
import { createDatabase, type Database } from '../../worker/src/stores/mysql.ts'
import { createPrices } from '../../worker/src/stores/prices.ts'
import type { SpooledText } from '../../worker/src/stores/settlement-stream.ts'
import { createSettlements } from '../../worker/src/stores/settlements.ts'
import { createWorkers } from '../../worker/src/stores/workers.ts'
import type { Account } from './accounts.ts'
import { withRedis } from './redis.ts'
import { sqlRun } from './sql.ts'

/** For statements of a crowd on a busy machine, ms. */
export const PATIENT_MS = 30_000

export const SILENT = pino({ level: 'silent' })

/** Returns a database that is closed when `work` is over. */
export async function withDatabase<T>(plan: Plan, work: (db: Database) => Promise<T>): Promise<T> {
  const db = createDatabase(plan.worker.mysql)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

/** Returns what `work` returns, given a worker's settlement side, its database and its workers.id. */
export async function withSettlementSide<T>(
  plan: Plan,
  work: (side: SettlementSide, db: Database, workerId: string) => Promise<T>,
): Promise<T> {
  const workerId = `test#${newId().slice(0, 8)}`
  const spoolFolder = await mkdtemp(join(tmpdir(), 'chatgate-spool-'))
  try {
    return await withRedis(plan, (redis) =>
      withDatabase(plan, async (db) => {
        const side = createSettlementSide({
          ...{ db, redis, workerId, log: SILENT, now: Date.now },
          env: { mysql: plan.worker.mysql, spoolFolder },
          prices: createPrices(db, SILENT, Date.now),
          partials: { read: async () => undefined, drop: async () => {} },
          watch: (settlements) => settlements,
        })
        try {
          return await work(side, db, workerId)
        } finally {
          await side.close()
        }
      }),
    )
  } finally {
    await rm(spoolFolder, { recursive: true })
  }
}

export function newId(): string {
  return randomBytes(16).toString('hex')
}

export interface OpenCall {
  readonly workerId: string
  /** How long ago it began, s. */
  readonly age?: number
  readonly promptEstimate?: number
}

/** Adds an open call of the account with an open answer in a conversation. */
export async function addOpenCall(
  plan: Plan,
  { id: uid }: Account,
  { workerId, age = 3600, promptEstimate = 40 }: OpenCall,
): Promise<{ readonly id: string; readonly messageId: string }> {
  const id = newId()
  const conversation = await sqlRun(
    plan,
    `INSERT INTO conversations (user_id, title, created_at, updated_at)
     VALUES (?, 'test', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [uid],
  )
  const message = await sqlRun(
    plan,
    `INSERT INTO messages (conversation_id, role, content, state, request_id, created_at)
     VALUES (?, 'assistant', '', 'open', ?, UTC_TIMESTAMP(3))`,
    [conversation.insertId, id],
  )
  await sqlRun(
    plan,
    `INSERT INTO token_usage (request_id, user_id, worker_id, conversation_id, model_requested,
       reserved_tokens, started_at)
     VALUES (?, ?, ?, ?, 'deepseek-flash', ?, UTC_TIMESTAMP(3) - INTERVAL ? SECOND)`,
    [id, uid, workerId, conversation.insertId, promptEstimate, age],
  )
  return { id, messageId: String(message.insertId) }
}

/** Adds open calls of a worker that is there, so that nobody else settles them. */
export async function addOpenCalls(plan: Plan, account: Account, count: number, age = 60) {
  const workerId = `test#${newId().slice(0, 8)}`
  await seeWorker(plan, workerId, 0)
  return await Promise.all(
    Array.from({ length: count }, () => addOpenCall(plan, account, { workerId, age })),
  )
}

/** Says that a worker was seen so many seconds ago, without a gap since it began long before. */
export async function seeWorker(plan: Plan, id: string, secondsAgo: number): Promise<void> {
  await sqlRun(
    plan,
    `REPLACE INTO workers (id, started_at, seen_at, steady_since)
     VALUES (?, UTC_TIMESTAMP(3) - INTERVAL 1 DAY, UTC_TIMESTAMP(3) - INTERVAL ? SECOND,
       UTC_TIMESTAMP(3) - INTERVAL 1 DAY)`,
    [id, secondsAgo],
  )
}

/** Returns the end of a call with tokens of its own. */
export function endOf(
  call: { readonly id: string; readonly messageId: string | null },
  changes: Partial<Settlement['result']> = {},
): Settlement {
  return {
    id: call.id,
    uid: '1',
    messageId: call.messageId,
    result: {
      ending: 'done',
      finishReason: 'stop',
      model: 'deepseek-flash',
      tokens: { promptTokens: 87, cachedTokens: 64, completionTokens: 8, reasoningTokens: 7 },
      estimated: false,
      cost: { cost: '0.00005628', currency: 'CNY', priced: true },
      firstTokenMs: 300,
      durationMs: 700,
      upstreamId: null,
      traceId: null,
      keyId: null,
      reasoning: '',
      content: 'the whole answer',
      ...changes,
    },
    estimateMethod: null,
    at: Date.now(),
  }
}

/** An answer of ten letters as its worker told Redis. */
export const PARTIAL: PartialAnswer = {
  reasoning: '',
  content: 'x'.repeat(10),
  finishReason: null,
  model: 'deepseek-flash',
  firstTokenMs: 300,
  upstreamId: 'up',
  traceId: 'trace',
  keyId: null,
  meter: { served: true, usage: null, isFinal: false },
  received: { reasoning: 0, rest: 3 },
}

export interface KeeperWorld {
  readonly workerId: string
  readonly limits: SweepLimits
  readonly running?: readonly string[]
  readonly neverSent?: readonly string[]
  readonly partials?: ReadonlyMap<string, PartialAnswer>
  /** Redis does not answer. */
  readonly isRedisAway?: boolean
  /** What lies in the spools. */
  readonly stream?: SpooledText[]
  readonly files?: SpooledText[]
}

/** Returns a keeper on this database, and what it put aside and dropped. */
export function keeperOn(db: Database, world: KeeperWorld) {
  const aside: SpooledText[] = []
  const dropped: string[] = []
  const assertRedis = () => {
    if (world.isRedisAway) throw new Failure('session_store_unavailable')
  }
  const partials: PartialAnswers = {
    async read(_uid, id) {
      assertRedis()
      return world.partials?.get(id)
    },
    async drop(_uid, id) {
      dropped.push(id)
    },
  }
  const stream = fakeSpool(world.stream ?? [])
  const keeper = createSettlementKeeper({
    db,
    settlements: createSettlements(db),
    stream: {
      ...stream,
      async read() {
        assertRedis()
        return stream.read()
      },
      add: async () => false,
    },
    files: {
      ...fakeSpool(world.files ?? []),
      prepare: async () => {},
      add: async () => {},
      async putAside(id, text) {
        aside.push({ id, text })
      },
    },
    partials,
    prices: createPrices(db, SILENT, Date.now),
    workerId: world.workerId,
    own: {
      ids: () => world.running ?? [],
      wasNeverSent: (id) => world.neverSent?.includes(id) === true,
    },
    log: SILENT,
    now: Date.now,
    limits: world.limits,
  })
  /** Resolves when it has had its turn: the stack's own worker takes one every few seconds. */
  const work = async () => {
    while (!(await keeper.work(new AbortController().signal))) await sleep(50)
  }
  return { work, aside, dropped, beat: () => createWorkers(db, world.workerId).beat() }
}

function fakeSpool(entries: SpooledText[]) {
  return {
    read: async () => entries.slice(0, 2),
    async remove(id: string) {
      const at = entries.findIndex((entry) => entry.id === id)
      if (at !== -1) entries.splice(at, 1)
    },
  }
}
