/** Parts for tests of the application, with no server behind them. */

import { Redis } from 'ioredis'
import { type Logger, pino } from 'pino'
import { GATE_HEADERS } from '#contract/headers.ts'
import type { Role } from '#contract/session.ts'
import type { Chore } from './chore.ts'
import type { Deps } from './deps.ts'
import { fakeSlots } from './domain/generation-fakes.ts'
import { readWorkerEnv, type WorkerEnv } from './env.ts'
import { type FakeAccounts, fakeAccounts } from './fake-accounts.ts'
import { createModelSide } from './model-side.ts'
import { createConversations } from './stores/conversation-list.ts'
import { createConversationMessages } from './stores/conversation-messages.ts'
import { createConversationTexts } from './stores/conversation-texts.ts'
import type { Database } from './stores/mysql.ts'
import { createNames } from './stores/names.ts'
import { createPriceList } from './stores/price-list.ts'
import { createProfiles } from './stores/profiles.ts'
import { createRunningCalls } from './stores/running-calls.ts'

export const WORKER_SECRET = 'a worker secret of more than 32 characters'
export const SESSION_SECRET = 'a session secret of more than 32 characters'
export const TOKEN_SECRET = 'a token secret of more than 32 characters'
export const NOW = Date.parse('2026-11-22T12:00:00Z')

/** Parts whose state a test may look at. */
export interface FakeDeps extends Deps, FakeAccounts {
  /** PHC strings that were verified; undefined for unknown users. */
  readonly verified: (string | undefined)[]
  /** What became of stream slots: `+<policy>` held, `-<policy>` released. */
  readonly slotMoves: string[]
}

/** @param parts what a test replaces */
export function fakeDeps(parts: Partial<Deps> = {}): FakeDeps {
  const env = parts.env ?? testEnv()
  const log: Logger = parts.log ?? pino({ level: 'silent' })
  const verified: FakeDeps['verified'] = []
  const slotMoves: string[] = []
  const now = parts.now ?? (() => NOW)
  const redis = closedRedis()
  return {
    env,
    log,
    db: emptyDatabase,
    redis,
    subscriber: redis,
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
    conversations: createConversations(emptyDatabase),
    conversationMessages: createConversationMessages(emptyDatabase),
    conversationTexts: createConversationTexts(emptyDatabase),
    conversationPurge: noChore,
    conversationIndexing: noChore,
    priceList: createPriceList(emptyDatabase),
    runningCalls: createRunningCalls(emptyDatabase),
    audit: { list: () => unused('audit') },
    usageSums: { sums: () => unused('usageSums') },
    usageRecords: { list: () => unused('usageRecords') },
    usageStatistics: { statistics: () => unused('usageStatistics') },
    usageSealing: noChore,
    proxyLogs: { insert: () => unused('proxyLogs') },
    proxyLogList: { list: () => unused('proxyLogList') },
    names: createNames(emptyDatabase),
    profiles: createProfiles(emptyDatabase),
    ...fakeAccounts(now),
    ...createModelSide({
      env,
      log,
      db: emptyDatabase,
      redis,
      subscriber: redis,
      lifeId: 'test#1',
      now,
    }),
    slots: fakeSlots(slotMoves),
    ...parts,
    verified,
    slotMoves,
  }
}

/** Returns settings with the given changes. */
export function testEnv(changes: Partial<WorkerEnv> = {}): WorkerEnv {
  const result = readWorkerEnv(
    {
      GATE_WORKER_SECRET: WORKER_SECRET,
      GATE_SESSION_SECRET: SESSION_SECRET,
      GATE_TOKEN_SECRET: TOKEN_SECRET,
      GATE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
      ADMIN_USERNAME: 'root',
      MYSQL_PASSWORD: 'a password of our own',
    },
    () => '',
  )
  if ('problems' in result) throw new Error(result.problems.join('; '))
  return { ...result.env, ...changes }
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

const noChore: Chore = { wake: () => {}, stop: async () => {} }

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
  atomically: async () => [],
  close: async () => {},
}

function unused(part: string): never {
  throw new Error(`${part} was not expected to be used`)
}
