/** Parts for tests of the application: accounts and sessions in memory, no server behind them. */

import { Redis } from 'ioredis'
import { type Logger, pino } from 'pino'
import { GATE_HEADERS } from '#contract/headers.ts'
import type { Role } from '#contract/session.ts'
import type { Deps } from './deps.ts'
import { readWorkerEnv, type WorkerEnv } from './env.ts'
import { createModelSide } from './model-side.ts'
import type { Database } from './stores/mysql.ts'
import type { SessionStart } from './stores/sessions.ts'
import type { User } from './stores/users.ts'

export const WORKER_SECRET = 'a worker secret of more than 32 characters'
export const SESSION_SECRET = 'a session secret of more than 32 characters'
export const NOW = Date.parse('2026-11-22T12:00:00Z')

/** Parts whose state a test may look at. */
export interface FakeDeps extends Deps {
  /** By id; the password of every account is its name in capitals. */
  readonly accounts: Map<string, User>
  readonly started: SessionStart[]
  /** `<uid>:<hash>` */
  readonly ended: string[]
  readonly logins: { id: string; at: Date; passwordHash: string | undefined }[]
  /** PHC strings that were verified; undefined for unknown users. */
  readonly verified: (string | undefined)[]
}

/** @param parts what a test replaces */
export function fakeDeps(parts: Partial<Deps> = {}): FakeDeps {
  const env = parts.env ?? testEnv()
  const log: Logger = parts.log ?? pino({ level: 'silent' })
  const accounts = new Map<string, User>(
    [account('1', 'root', 'admin'), account('2', 'anna', 'user')].map((user) => [user.id, user]),
  )
  const started: SessionStart[] = []
  const ended: string[] = []
  const logins: FakeDeps['logins'] = []
  const verified: FakeDeps['verified'] = []
  const now = () => NOW
  return {
    env,
    log,
    db: emptyDatabase,
    redis: closedRedis(),
    workerId: 'test',
    now,
    isDraining: () => false,
    argon: {
      hash: async (password) => `hash of ${password}`,
      verify: async (phc, password) => {
        verified.push(phc)
        return phc === `hash of ${password}` || phc === `old hash of ${password}`
      },
      needsRehash: (phc) => phc.startsWith('old'),
    },
    users: {
      findByUsername: async (name) => [...accounts.values()].find((user) => user.username === name),
      findById: async (id) => accounts.get(id),
      recordLogin: async (id, at, passwordHash) => {
        logins.push({ id, at, passwordHash })
      },
      isEmpty: async () => accounts.size === 0,
      create: async () => '3',
    },
    sessions: {
      start: async (session) => {
        started.push(session)
      },
      end: async (uid, hash) => {
        ended.push(`${uid}:${hash}`)
      },
    },
    usageReports: { summary: () => unused('usageReports'), list: () => unused('usageReports') },
    proxyLogs: { insert: () => unused('proxyLogs'), list: () => unused('proxyLogs') },
    ...createModelSide({ env, log, db: emptyDatabase, workerId: 'test', now }),
    ...parts,
    accounts,
    started,
    ended,
    logins,
    verified,
  }
}

/** Returns settings with the given changes. */
export function testEnv(changes: Partial<WorkerEnv> = {}): WorkerEnv {
  const result = readWorkerEnv(
    {
      GATE_WORKER_SECRET: WORKER_SECRET,
      GATE_SESSION_SECRET: SESSION_SECRET,
      GATE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
      ADMIN_USERNAME: 'root',
      MYSQL_PASSWORD: 'a password of our own',
    },
    () => '',
  )
  if ('problems' in result) throw new Error(result.problems.join('; '))
  return { ...result.env, ...changes }
}

export function account(id: string, username: string, role: Role): User {
  const passwordHash = `hash of ${username.toUpperCase()}`
  return { id, username, passwordHash, role, state: 'enabled', epoch: 4 }
}

/** Headers of a request that came through the gate, of a signed-in person if `uid` is given. */
export function gateHeaders(uid?: string, role: Role = 'user'): Record<string, string> {
  return {
    [GATE_HEADERS.secret]: WORKER_SECRET,
    ...(uid !== undefined && {
      [GATE_HEADERS.user]: uid,
      [GATE_HEADERS.role]: role,
      [GATE_HEADERS.session]: 'ab'.repeat(32),
    }),
  }
}

/** Returns the JSON body of an answer; the type is the test's claim, which its asserts check. */
export async function jsonOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T
}

/** Refuses every command without ever having connected. */
function closedRedis(): Redis {
  const redis = new Redis({ lazyConnect: true })
  redis.disconnect()
  return redis
}

/** Has every table and no row. */
const emptyDatabase: Database = {
  query: async () => [],
  execute: async () => ({ affectedRows: 0, insertId: '0' }),
  transaction: (work) => work(emptyDatabase),
  close: async () => {},
}

function unused(part: string): never {
  throw new Error(`${part} was not expected to be used`)
}
