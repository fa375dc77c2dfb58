/** The account side in memory, for tests of the application: no server behind it. */

import { pino } from 'pino'
import type { Role } from '#contract/session.ts'
import type { AccountSide } from './account-side.ts'
import type { AuditOrigin } from './domain/audit.ts'
import { createLocalAttempts } from './domain/login-delay.ts'
import { createPasswordDuty } from './domain/password-duty.ts'
import { type FakeTokens, fakeAccessTokens } from './fake-tokens.ts'
import { createLoginThrottle } from './login-throttle.ts'
import type { LiveSession, SessionStart } from './stores/sessions.ts'
import type { GateUser, User } from './stores/users.ts'
import { createTokenTerms } from './token-terms.ts'

/** What a test may look at or prepare. */
export interface FakeAccounts extends AccountSide {
  /** By id; the password of every account is its name in capitals. */
  readonly accounts: Map<string, User>
  readonly started: SessionStart[]
  /** Live sessions by user. */
  readonly live: Map<string, LiveSession[]>
  /** `<uid>:<hash>` */
  readonly ended: string[]
  /** What went into the outbox: `<uid>:<hash>`. */
  readonly noted: string[]
  /** Copies written to Redis, in order. */
  readonly copies: GateUser[]
  /** `<uid>:<hash>@<epoch>`: sessions that were kept when the others were ended. */
  readonly kept: string[]
  /** Of changes of accounts. */
  readonly origins: AuditOrigin[]
  readonly logins: { readonly id: string; readonly at: Date; readonly ip: string }[]
  /** By hash. */
  readonly tokens: FakeTokens
}

/** @param now Unix milliseconds */
export function fakeAccounts(now: () => number): FakeAccounts {
  const accounts = new Map<string, User>(
    [account('1', 'root', 'admin'), account('2', 'anna', 'user')].map((user) => [user.id, user]),
  )
  const started: SessionStart[] = []
  const live: FakeAccounts['live'] = new Map()
  const ended: string[] = []
  const noted: string[] = []
  const copies: GateUser[] = []
  const kept: string[] = []
  const origins: AuditOrigin[] = []
  const logins: FakeAccounts['logins'] = []
  const tokens: FakeAccounts['tokens'] = new Map()

  function store(user: User): User {
    accounts.set(user.id, user)
    return user
  }
  const accessTokens = fakeAccessTokens(tokens)
  const noRedis = () => Promise.reject(new Error('no Redis behind it'))
  const log = pino({ level: 'silent' })

  return {
    users: {
      findByUsername: async (name) => [...accounts.values()].find((user) => user.username === name),
      findById: async (id) => accounts.get(id),
      nameKey: async (name) => name.toLowerCase(),
      list: async ({ afterId, limit, ...query }) =>
        [...accounts.values()]
          .filter(({ id }) => Number(id) > Number(afterId) && id === (query.id ?? id))
          .slice(0, limit)
          .map((user) => ({ ...user, lastLoginAt: null })),
      listActive: async () => [],
      recordLogin: async (id, at, ip) => {
        logins.push({ id, at, ip })
      },
      renewHash: async (id, stale, renewed) => {
        const user = accounts.get(id)
        if (user?.passwordHash === stale) store({ ...user, passwordHash: renewed })
      },
      isEmpty: async () => accounts.size === 0,
      create: async ({ username, role, ...made }) => {
        const id = String(accounts.size + 1)
        return store({ ...account(id, username, role), ...made }).id
      },
    },
    userStates: {
      raiseEpoch: async (uid, from) => {
        const user = accounts.get(uid)
        if (user === undefined || (from !== undefined && user.epoch !== from)) return undefined
        return store({ ...user, epoch: user.epoch + 1, revision: user.revision + 1 })
      },
      setPassword: async (uid, { from, ...change }) => {
        const user = accounts.get(uid)
        if (user === undefined || (from !== undefined && user.epoch !== from)) return undefined
        return store({ ...user, ...change, epoch: user.epoch + 1 })
      },
      change: async (uid, change, revision, origin) => {
        const user = accounts.get(uid)
        if (user === undefined) return undefined
        if (user.revision !== revision) {
          return { before: undefined, after: { ...user, lastLoginAt: null } }
        }
        origins.push(origin)
        const isDemoted = user.role === 'admin' && change.role === 'user'
        const raised = change.state === 'disabled' || isDemoted ? 1 : 0
        const { epoch } = user
        const next = { epoch: epoch + raised, revision: revision + 1 }
        const after = store({ ...user, ...change, ...next })
        return { before: { ...user, lastLoginAt: null }, after: { ...after, lastLoginAt: null } }
      },
    },
    userCopies: {
      write: async (users) => {
        copies.push(...users)
        return users.length
      },
      mustChange: async (uid) => accounts.get(uid)?.mustChange === 1,
    },
    sessions: {
      start: async (session) => {
        started.push(session)
      },
      end: async (uid, hash) => {
        ended.push(`${uid}:${hash}`)
        return true
      },
      keepOne: async (user, hash) => {
        copies.push(user)
        kept.push(`${user.id}:${hash}@${user.epoch}`)
      },
      find: async (uid, hash) => live.get(uid)?.find((session) => session.hash === hash),
      list: async (uids) => uids.map((uid) => live.get(uid) ?? []),
    },
    revocations: {
      note: async (uid, hash) => {
        noted.push(`${uid}:${hash}`)
      },
      list: async () => [],
      remove: async () => {},
    },
    passwordResets: {
      make: async (uid) => accounts.has(uid),
      find: async () => undefined,
      use: async () => undefined,
    },
    accessTokens,
    tokenTerms: createTokenTerms(accessTokens, now),
    loginThrottle: createLoginThrottle(
      { reserve: noRedis, release: noRedis, reset: noRedis },
      createLocalAttempts(now),
      log,
    ),
    passwordDuty: createPasswordDuty(async (uid) => accounts.get(uid)?.mustChange === 1, now),
    accounts,
    started,
    live,
    ended,
    noted,
    copies,
    kept,
    origins,
    logins,
    tokens,
  }
}

export function account(id: string, username: string, role: Role): User {
  const passwordHash = `hash of ${username.toUpperCase()}`
  return {
    ...{ id, username, passwordHash, role },
    state: 'enabled',
    epoch: 4,
    revision: 1,
    limits: '',
    mustChange: 0,
    lastLoginIp: '',
  }
}

/** Returns a session of this hash that began an hour ago. */
export function liveSession(hash: string, changes: Partial<LiveSession> = {}): LiveSession {
  const created = 1_795_348_800
  return { hash, created, last: created + 60, epoch: 4, ip: '10.0.0.1', ua: 'test', ...changes }
}
