/** Everything that runs during the benchmark, with years of usage in its tables. */

import { createConnection } from 'mysql2/promise'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { openRoot } from '../../scripts/stack/start-stack.ts'
import { freePorts } from '../../tests/support/free-ports.ts'
import { withRedis } from '../../tests/support/redis.ts'
import { sealSince } from '../../tests/support/sealed-usage.ts'
import { createDatabase, type Database } from '../../worker/src/stores/mysql.ts'
import type { Frame } from '../support/benchmark.ts'
import { startChatgate, startServer } from '../support/chatgate.ts'
import { signInPeople } from '../support/people.ts'
import { generateCalls, generateLogs, makeUsers } from './generate.ts'
import type { BenchOptions } from './options.ts'

export interface World {
  readonly folder: string
  readonly root: PrivateRoot
  readonly plan: Plan
  /** The same tables, without worker or HTTP. */
  readonly db: Database
  readonly upstreamPort: number
  /** users.id of the one with the most calls; the others follow it. */
  readonly firstUser: number
  /** users.id of administrators, in Shanghai and in Kathmandu. */
  readonly admins: readonly [string, string]
  /** Session cookies, `name=value`, of people who chat, and of people who read. */
  readonly chatters: readonly string[]
  readonly readers: readonly string[]
  /** How long the tables took to be filled, and what is in them. */
  readonly generated: Readonly<Record<string, number>>
}

const DAY_MS = 86_400_000
export const USERS = 2000
const CALL_DAYS = 365
/** As long as the workers keep them. */
const LOG_DAYS = 30
const SEED = '20261130'
const CHATTERS = 64
export const READERS = 50

const CONNECTIONS = { single: 8, batch: 1 }

/** Starts everything and fills the tables; the frame's end stops it, also half-way. */
export async function startWorld(
  frame: Frame,
  { rows }: BenchOptions,
  say: (message: string) => void,
): Promise<World> {
  say('building and starting the stack')
  const [upstreamPort = 0] = await freePorts(1)
  const log = `${frame.folder}/upstream.log`
  await startServer('bench/stream/upstream-main.ts', upstreamPort, log)
  const plan = await startChatgate(frame, `http://127.0.0.1:${upstreamPort}`)
  const root = await openRoot(plan, say)
  const db = createDatabase(plan.worker.mysql, CONNECTIONS)
  frame.atEnd(() => db.close())

  say(
    `filling the tables: ${rows} calls in ${CALL_DAYS} days, ${rows} requests in ${LOG_DAYS} days`,
  )
  const firstUser = await makeUsers(db, USERS, 'usage')
  const admins = await makeAdmins(db)
  const generated = await withFastWrites(plan, () => fill(plan, db, rows, firstUser, say))
  const uids = Array.from({ length: CHATTERS + READERS }, (_, index) => String(firstUser + index))
  const people = await withRedis(plan, (redis) =>
    signInPeople(redis, uids, plan.gate.sessionSecrets.split(',')[0] ?? ''),
  )
  const cookies = people.map(({ cookie }) => `${plan.settings.cookieName}=${cookie}`)
  const [chatters, readers] = [cookies.slice(0, CHATTERS), cookies.slice(CHATTERS)]
  return {
    ...{ folder: frame.folder, root, plan, db, upstreamPort, firstUser, admins, generated },
    ...{ chatters, readers },
  }
}

async function makeAdmins(db: Database): Promise<readonly [string, string]> {
  const first = await makeUsers(db, 2, 'usage-admin')
  await db.execute("UPDATE users SET role = 'admin' WHERE id IN (?, ?)", [first, first + 1])
  await db.execute("UPDATE users SET timezone = 'Asia/Kathmandu' WHERE id = ?", [first + 1])
  return [String(first), String(first + 1)]
}

async function fill(
  plan: Plan,
  db: Database,
  rows: number,
  firstUser: number,
  say: (message: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const end = Math.floor(Date.now() / DAY_MS) * DAY_MS
  const amount = { rows, end, seed: SEED, firstUser, users: USERS }
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const began = performance.now()
    await work()
    const seconds = Math.round((performance.now() - began) / 1000)
    say(`${what}: ${seconds} s`)
    return seconds
  }
  await splitLogs(db, end)
  const [callSeconds, logSeconds] = await Promise.all([
    timed('calls and their sums', () => generateCalls(db, { ...amount, days: CALL_DAYS })),
    timed('access records', () => generateLogs(db, { ...amount, days: LOG_DAYS })),
  ])
  const since = new Date(end - CALL_DAYS * DAY_MS).toISOString().slice(0, 10)
  const sealSeconds = await timed('sums of long ranges', () => sealSince(plan, since))
  await timed('statistics of the tables', () =>
    db.query(`ANALYZE TABLE token_usage, proxy_logs, usage_hourly, usage_hourly_total`, [], {
      timeoutMs: 60_000,
    }),
  )
  return { rows, callSeconds, logSeconds, sealSeconds, callDays: CALL_DAYS, logDays: LOG_DAYS }
}

/** A partition for each of the last days; a new installation has one for all of them. */
async function splitLogs(db: Database, end: number): Promise<void> {
  const name = (day: number) => `p${isoDay(day).replaceAll('-', '')}`
  const days = Array.from({ length: LOG_DAYS + 1 }, (_, index) => end - (LOG_DAYS - index) * DAY_MS)
  const parts = days.map(
    (day) => `PARTITION ${name(day)} VALUES LESS THAN ('${isoDay(day + DAY_MS)}')`,
  )
  await db.execute(
    `ALTER TABLE proxy_logs REORGANIZE PARTITION ${name(end)} INTO (${parts.join(', ')})`,
    [],
    { timeoutMs: 60_000 },
  )
}

function isoDay(day: number): string {
  return new Date(day).toISOString().slice(0, 10)
}

const FILLING_BYTES = 2 * 1024 ** 3

/** Tables are filled with more memory, and nothing would be lost if the power went. */
async function withFastWrites<T>(plan: Plan, work: () => Promise<T>): Promise<T> {
  const root = await createConnection({
    socketPath: plan.layout.sockets.mysql,
    user: 'root',
    password: plan.secrets.mysqlRoot,
  })
  try {
    const [[usual]] = (await root.query('SELECT @@innodb_buffer_pool_size AS bytes')) as [
      [{ bytes: number }],
      unknown,
    ]
    await root.query('SET GLOBAL innodb_buffer_pool_size = ?', [FILLING_BYTES])
    await root.query('ALTER INSTANCE DISABLE INNODB REDO_LOG')
    const result = await work()
    await root.query('ALTER INSTANCE ENABLE INNODB REDO_LOG')
    // What is measured has the memory that it has everywhere.
    await root.query('SET GLOBAL innodb_buffer_pool_size = ?', [usual.bytes])
    return result
  } finally {
    await root.end()
  }
}
