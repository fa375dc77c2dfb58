/**
 * The provider's keys in MySQL. Keys are encrypted at rest; in the clear they exist only in the
 * cache of this process, which other processes' changes reach within CACHE_MS.
 */

import type { Logger } from 'pino'
import {
  ENV_ALIAS,
  KEY_PATTERN,
  type PooledKey,
  STANDIN_ALIAS,
  STANDIN_KEY,
  usableKeys,
} from '../domain/upstream-key.ts'
import type { WorkerEnv } from '../env.ts'
import { type ApiKeyChanges, createApiKeyChanges } from './api-key-changes.ts'
import { createKeyRows, type KeyRow, type OpenedRow, SELECT_KEYS } from './api-key-rows.ts'
import type { Database } from './mysql.ts'

export type { ApiKeyChange, NewApiKey } from './api-key-changes.ts'
export type { OpenedRow } from './api-key-rows.ts'

export interface ApiKeys extends ApiKeyChanges {
  /** Brings the rows `env` and `standin` in line with the settings; called once at start. */
  prepare(): Promise<void>
  /** Returns every row by alias, read anew: what others have changed counts from here on. */
  list(): Promise<readonly OpenedRow[]>
  /** Returns a row, read anew, or undefined. */
  find(id: string): Promise<OpenedRow | undefined>
  /** Returns the keys that calls may use if their health allows it. @throws {Failure} storage_unavailable */
  usable(): Promise<readonly PooledKey[]>
  /** Returns what `usable` has found last, without asking. */
  known(): readonly PooledKey[]
  /** Notes that a call has used the key. */
  touch(key: PooledKey): void
  /** Returns what the people who chat should know about the keys, if anything. */
  notice(): Promise<'standin_upstream' | 'no_upstream_key' | undefined>
}

export interface ApiKeyDeps {
  readonly env: WorkerEnv
  readonly db: Database
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

const CACHE_MS = 2000
/** `last_used_at` is for people: once a minute is enough. */
const TOUCH_MS = 60_000

interface Loaded {
  readonly rows: readonly OpenedRow[]
  readonly usable: readonly PooledKey[]
}

export function createApiKeys({ env, db, log, now }: ApiKeyDeps): ApiKeys {
  const keyRows = createKeyRows(env, db)
  const changes = createApiKeyChanges(db, keyRows)
  let cached: { readonly until: number; readonly loaded: Promise<Loaded> } | undefined
  let known: readonly PooledKey[] = []
  const touched = new Map<string, number>()
  const warned = new Set<string>()

  function loaded(): Promise<Loaded> {
    if (cached !== undefined && now() < cached.until) return cached.loaded
    const entry = { until: now() + CACHE_MS, loaded: load() }
    cached = entry
    entry.loaded.catch(() => {
      if (cached === entry) cached = undefined
    })
    return entry.loaded
  }

  function fresh(): Promise<Loaded> {
    cached = undefined
    return loaded()
  }

  async function load(): Promise<Loaded> {
    const rows: OpenedRow[] = []
    for (const row of await db.query<KeyRow>(`${SELECT_KEYS} ORDER BY alias`)) {
      rows.push(await keyRows.open(row))
    }
    rows.forEach(warn)
    const found = rows.flatMap(({ row, key }) => (row.enabled === 1 && key ? [key] : []))
    const hasReal = rows.some(({ row }) => row.enabled === 1 && row.standin === 0)
    known = usableKeys(found, hasReal)
    return { rows, usable: known }
  }

  function warn({ row, flaw }: OpenedRow): void {
    const sign = `${row.id} ${flaw}`
    if (flaw === undefined || warned.has(sign)) return
    warned.add(sign)
    log.warn({ key: row.alias, reason: flaw }, 'an API key cannot be used')
  }

  /** Forgets the cache after a change, whether or not it is known to have happened. */
  async function changing<T>(change: Promise<T>): Promise<T> {
    try {
      return await change
    } finally {
      cached = undefined
    }
  }

  /** Returns true if the alias holds this key. */
  async function holds(alias: string, secret: string): Promise<boolean> {
    const [row] = await db.query<KeyRow>(`${SELECT_KEYS} WHERE alias = ?`, [alias])
    try {
      return row !== undefined && keyRows.secretOf(row) === secret
    } catch {
      return false
    }
  }

  return {
    async prepare() {
      const { standinUrl, deepseekApiKey } = env
      if (standinUrl === undefined) {
        await db.execute('UPDATE api_keys SET enabled = FALSE WHERE standin')
      } else {
        const standin = { alias: STANDIN_ALIAS, secret: STANDIN_KEY, baseUrl: standinUrl }
        await changes.put({ ...standin, weight: 1, account: null }, undefined, true)
      }
      if (deepseekApiKey === undefined) return
      if (!KEY_PATTERN.test(deepseekApiKey)) {
        log.error('DEEPSEEK_API_KEY is not 8 to 256 printable characters without spaces: ignored')
      } else if (!(await holds(ENV_ALIAS, deepseekApiKey))) {
        // Never to where an admin has sent the key before it: key and address are the operator's.
        await changes.put({ alias: ENV_ALIAS, secret: deepseekApiKey, baseUrl: null })
      }
    },

    list: async () => (await fresh()).rows,

    async find(id) {
      const { rows } = await fresh()
      return rows.find(({ row }) => row.id === id)
    },

    usable: async () => (await loaded()).usable,
    known: () => known,

    touch(key) {
      if (now() - (touched.get(key.id) ?? 0) < TOUCH_MS) return
      touched.set(key.id, now())
      db.execute('UPDATE api_keys SET last_used_at = ? WHERE id = ?', [
        new Date(now()),
        key.id,
      ]).catch((err: unknown) => log.debug({ err }, 'last_used_at was not written'))
    },

    async notice() {
      const [first] = (await loaded()).usable
      if (first === undefined) return 'no_upstream_key'
      return first.standin ? 'standin_upstream' : undefined
    },

    put: (...put) => changing(changes.put(...put)),
    change: (...change) => changing(changes.change(...change)),
    remove: (...remove) => changing(changes.remove(...remove)),
    fault: (key, fault) => changing(changes.fault(key, fault)),
    refill: (key) => changing(changes.refill(key)),
    claimBalanceChecks: changes.claimBalanceChecks,
  }
}
