/**
 * Years of usage in minutes: calls with their sums, and access records, made by MySQL itself out of numbers.
 * The same seed makes the same rows.
 */

import { addSums } from '../../tests/support/usage-fixture.ts'
import type { Database } from '../../worker/src/stores/mysql.ts'
import { lowerSeal } from '../../worker/src/stores/usage-seal.ts'

export interface Amount {
  readonly rows: number
  /** Whole days of UTC over which they are spread evenly, the last of which ends at `end`. */
  readonly days: number
  /** A midnight, Unix ms. */
  readonly end: number
  /** Digits. */
  readonly seed: string
  /** users.id of the first of so many that follow each other. */
  readonly firstUser: number
  readonly users: number
}

const DAY_MS = 86_400_000
/** A day of rows in one statement. */
const TIMEOUT = { timeoutMs: 600_000 }
/** Nobody knows a password for it. */
const NO_PASSWORD = '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA'

/** Makes people with ids that follow each other, and returns the first id. */
export async function makeUsers(db: Database, count: number, prefix: string): Promise<number> {
  const rows = Array.from({ length: count }, (_, index) => [`${prefix}-${index}`, NO_PASSWORD])
  const { insertId } = await db.execute(
    'INSERT INTO users (username, password_hash) VALUES ?',
    [rows],
    TIMEOUT,
  )
  return Number(insertId)
}

/** Numbers from 0 to 999 999, in order. */
const NUMBERS = `WITH RECURSIVE digits (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM digits WHERE i < 999),
  numbered (n) AS (SELECT ? + thousands.i * 1000 + ones.i FROM digits AS thousands JOIN digits AS ones
    WHERE thousands.i * 1000 < ? AND thousands.i * 1000 + ones.i < ?),
  hashed (n, h) AS (SELECT n, LEFT(SHA2(CONCAT(?, '.', n), 256), 32) FROM numbered)`

/** Returns one of eight numbers, from 0 to below 1, that belong to a row. */
function chance(which: number): string {
  return `CONV(SUBSTR(h, ${1 + which * 4}, 4), 16, 10) / 65536`
}

/** Few people make most of the calls. */
const USER = `? + FLOOR(POW(${chance(0)}, 3) * ?)`

/** Returns one of these values, each with its share of 1000. */
function choice(which: number, shares: Readonly<Record<string, number>>): string {
  let sum = 0
  const cases = Object.entries(shares).map(([value, share]) => {
    sum += share
    return `WHEN ${chance(which)} < ${sum / 1000} THEN ${value}`
  })
  return `CASE ${cases.join(' ')} END`
}

const MODEL = choice(1, { "'deepseek-flash'": 700, "'deepseek-pro'": 280, "'deepseek-max'": 20 })
const ENDING = choice(2, {
  ...{ "'done'": 930, "'stopped'": 40, "'upstream_error'": 15 },
  ...{ "'timeout'": 8, "'interrupted'": 2, "'client_gone'": 5 },
})

/** Makes calls and their hourly sums; what is derived of these is left to be made. */
export async function generateCalls(db: Database, amount: Amount): Promise<void> {
  const { seed, firstUser, users } = amount
  await eachDay(amount, async (day, first, count) => {
    const step = (DAY_MS * 1000) / count
    const [last] = await db.query<{ id: string | null }>('SELECT MAX(id) AS id FROM token_usage')
    await db.execute(
      `INSERT INTO token_usage (request_id, user_id, worker_id, api_key_id, state, ending, finish_reason,
         model_requested, model, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens,
         estimated, reserved_tokens, cost, first_token_ms, duration_ms, started_at, settled_at)
       ${NUMBERS},
       calls AS (SELECT n, h, ${USER} AS user_id, ${MODEL} AS model, ${ENDING} AS ending,
         FLOOR(20 + POW(${chance(3)}, 2) * 8000) AS prompt, FLOOR(POW(${chance(4)}, 2) * 2000) AS written,
         ${chance(5)} AS cached, FLOOR(150 * POW(2, ${chance(6)} * 5)) AS first_ms,
         TIMESTAMP(?) + INTERVAL (n - ?) * ? MICROSECOND AS began FROM hashed)
       SELECT h, user_id, 'bench', 1 + FLOOR(${chance(7)} * 3), 'settled', ending, 'stop', model, model,
         prompt, FLOOR(prompt * cached), written, 0, cached < 0.02, prompt,
         (prompt + 4 * written) / 1000000, first_ms, first_ms + 20 * written, began,
         began + INTERVAL 20 SECOND
       FROM calls`,
      [first, count, count, seed, firstUser, users, new Date(day), first, step],
      TIMEOUT,
    )
    await addSums(db, "id > ? AND worker_id = 'bench'", [last?.id ?? 0], TIMEOUT.timeoutMs)
  })
  const begin = amount.end - amount.days * DAY_MS
  await db.transaction((tx) => lowerSeal(tx, begin, amount.end))
}

const PATH = choice(1, {
  ...{ "'/api/chat'": 300, "'/api/conversations'": 250, "'/v1/chat/completions'": 200 },
  ...{ "'/api/me'": 150, "'/chat'": 60, "'/login'": 30, "'/admin/api/logs'": 10 },
})
const STATUS = choice(2, { 200: 930, 404: 20, 401: 15, 429: 25, 503: 8, 500: 2 })

/** Makes access records, in partitions of days as the workers would have made them. */
export async function generateLogs(db: Database, amount: Amount): Promise<void> {
  const { seed, firstUser, users } = amount
  await eachDay(amount, async (day, first, count) => {
    const step = (DAY_MS * 1000) / count
    await db.execute(
      `INSERT INTO proxy_logs (created_at, request_id, user_id, ip, method, path, protocol, status, completed,
         duration_ms, bytes_in, bytes_out, upstream_status, upstream_ms, verdict, user_agent)
       ${NUMBERS},
       requests AS (SELECT n, h, ${USER} AS user_id, ${PATH} AS path, ${STATUS} AS status,
         FLOOR(2 + POW(${chance(3)}, 3) * 20000) AS ms,
         TIMESTAMP(?) + INTERVAL (n - ?) * ? MICROSECOND AS began FROM hashed)
       SELECT began, h, IF(status = 401, NULL, user_id),
         CONCAT('10.', user_id MOD 200, '.', FLOOR(${chance(4)} * 256), '.', FLOOR(${chance(5)} * 256)),
         IF(path LIKE '%chat%', 'POST', 'GET'), path, 'HTTP/2.0', status, ${chance(6)} < 0.98, ms, 400,
         2000 + ms, IF(status IN (401, 429), NULL, status), IF(status IN (401, 429), NULL, ms),
         CASE status WHEN 401 THEN 'unauthenticated' WHEN 429 THEN 'rate_limited' ELSE 'allow' END,
         'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0'
       FROM requests`,
      [first, count, count, seed, firstUser, users, new Date(day), first, step],
      TIMEOUT,
    )
  })
}

/** @param work is given the day (Unix ms), the number of its first row, and how many rows it has */
async function eachDay(
  { rows, days, end }: Amount,
  work: (day: number, first: number, count: number) => Promise<void>,
): Promise<void> {
  for (let index = 0; index < days; index += 1) {
    const first = Math.floor((rows * index) / days)
    const count = Math.floor((rows * (index + 1)) / days) - first
    await work(end - (days - index) * DAY_MS, first, count)
  }
}
