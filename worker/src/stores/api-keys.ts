/**
 * The provider's keys in MySQL. Keys are encrypted at rest; in the clear they exist only in the
 * cache of this process, which other processes' changes reach within CACHE_MS.
 */

import type { Logger } from 'pino'
import type { ApiKeyView } from '#contract/api.ts'
import { decryptKey, encryptKey, KeyCipherError } from '../domain/key-cipher.ts'
import {
  chooseKey,
  ENV_ALIAS,
  KEY_PATTERN,
  mayTravel,
  normalBaseUrl,
  STANDIN_ALIAS,
  STANDIN_KEY,
  type UpstreamKey,
  usableKeys,
} from '../domain/upstream-key.ts'
import type { WorkerEnv } from '../env.ts'
import { Failure } from '../failure.ts'
import type { Database, Queries } from './mysql.ts'

export interface NewApiKey {
  readonly alias: string
  readonly secret: string
  /** Undefined: DEEPSEEK_BASE_URL, whatever it is at the time of a call. */
  readonly baseUrl: string | undefined
  readonly weight: number
}

export interface ApiKeys {
  /** Brings the rows `env` and `standin` in line with the settings; called once at start. */
  prepare(): Promise<void>
  list(): Promise<readonly ApiKeyView[]>
  /** Stores a key, replacing the one with the same alias, and enables it; returns its id. */
  put(key: NewApiKey): Promise<string>
  /** Returns the key for one call. @throws {Failure} no_upstream_key, storage_unavailable */
  pick(): Promise<UpstreamKey>
  /** Returns what the people who chat should know about the keys, if anything. */
  notice(): Promise<'standin_upstream' | 'no_upstream_key' | undefined>
}

export interface ApiKeyDeps {
  readonly env: WorkerEnv
  readonly db: Database
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
}

const CACHE_MS = 2000
/** `last_used_at` is for people: once a minute is enough. */
const TOUCH_MS = 60_000

interface KeyRow {
  readonly id: string
  readonly alias: string
  readonly key_cipher: string | null
  readonly plain_key: string | null
  readonly base_url: string | null
  readonly weight: number
  readonly enabled: number
  readonly standin: number
}

const SELECT_KEYS =
  'SELECT id, alias, key_cipher, plain_key, base_url, weight, enabled, standin FROM api_keys'

interface ViewRow extends Omit<KeyRow, 'key_cipher' | 'plain_key'> {
  readonly last4: string
  readonly created_at: Date
  readonly last_used_at: Date | null
}

export function createApiKeys({ env, db, log, now, random }: ApiKeyDeps): ApiKeys {
  let cached: { readonly until: number; readonly keys: Promise<readonly UpstreamKey[]> } | undefined
  const touched = new Map<string, number>()
  const warned = new Set<string>()

  function keys(): Promise<readonly UpstreamKey[]> {
    if (cached !== undefined && now() < cached.until) return cached.keys
    const entry = { until: now() + CACHE_MS, keys: load() }
    cached = entry
    entry.keys.catch(() => {
      if (cached === entry) cached = undefined
    })
    return entry.keys
  }

  async function load(): Promise<readonly UpstreamKey[]> {
    const rows = await db.query<KeyRow>(`${SELECT_KEYS} ORDER BY id`)
    const found: UpstreamKey[] = []
    for (const row of rows) {
      const key = await open(row)
      if (key !== undefined && row.enabled === 1) found.push(key)
    }
    return usableKeys(
      found,
      rows.some((row) => row.enabled === 1 && row.standin === 0),
    )
  }

  /** Returns the row's key, or undefined with one warning if it cannot be used. */
  async function open(row: KeyRow): Promise<UpstreamKey | undefined> {
    const { id, alias, weight } = row
    try {
      const secret = row.plain_key === null ? stored(row) : await takeOver(row.id)
      if (secret === undefined) return warn(row, 'it holds no key, or not a well-formed one')
      const baseUrl = normalBaseUrl(row.base_url ?? env.deepseekBaseUrl)
      if (baseUrl === undefined) return warn(row, 'its base_url is not https, nor on this machine')
      const key = { id, alias, secret, baseUrl, weight, standin: row.standin === 1 }
      if (mayTravel(key, env.standinUrl)) return key
      return warn(row, "its base_url is the stand-in's, or it is the stand-in's key elsewhere")
    } catch (error) {
      if (error instanceof KeyCipherError) return warn(row, error.message)
      throw error
    }
  }

  function stored(row: KeyRow): string | undefined {
    return row.key_cipher === null
      ? undefined
      : decryptKey(env.encryptionKeys, row.id, row.key_cipher)
  }

  /** Encrypts a key that was inserted in the clear; returns it, or undefined if it is malformed. */
  function takeOver(id: string): Promise<string | undefined> {
    return db.transaction(async (tx) => {
      const [row] = await tx.query<KeyRow>(`${SELECT_KEYS} WHERE id = ? FOR UPDATE`, [id])
      if (row === undefined) return undefined
      if (row.plain_key === null) return stored(row)
      const plain = row.plain_key.trim()
      if (!KEY_PATTERN.test(plain)) return undefined
      await seal(tx, id, plain)
      return plain
    })
  }

  async function seal(tx: Queries, id: string, secret: string): Promise<void> {
    await tx.execute(
      'UPDATE api_keys SET key_cipher = ?, last4 = ?, plain_key = NULL WHERE id = ?',
      [encryptKey(env.encryptionKeys, id, secret), secret.slice(-4), id],
    )
  }

  function warn(row: KeyRow, reason: string): undefined {
    const sign = `${row.id} ${reason}`
    if (!warned.has(sign)) log.warn({ key: row.alias, reason }, 'an API key cannot be used')
    warned.add(sign)
  }

  /** The row's id is part of what is encrypted, so the row comes first, both in one transaction. */
  async function put(key: NewApiKey, standin = false): Promise<string> {
    const id = await db.transaction(async (tx) => {
      await tx.execute(
        `INSERT INTO api_keys (alias, base_url, weight, standin) VALUES (?, ?, ?, ?) AS new
         ON DUPLICATE KEY UPDATE base_url = new.base_url, weight = new.weight,
           standin = new.standin, enabled = TRUE`,
        [key.alias, key.baseUrl ?? null, key.weight, standin],
      )
      const [row] = await tx.query<{ id: string }>('SELECT id FROM api_keys WHERE alias = ?', [
        key.alias,
      ])
      if (row === undefined) throw new Error(`api_keys has lost the alias ${key.alias}`)
      await seal(tx, row.id, key.secret)
      return row.id
    })
    cached = undefined
    return id
  }

  /** Returns true if the alias is enabled and holds this key. */
  async function holds(alias: string, secret: string): Promise<boolean> {
    const [row] = await db.query<KeyRow>(`${SELECT_KEYS} WHERE alias = ?`, [alias])
    try {
      return row?.enabled === 1 && stored(row) === secret
    } catch {
      return false
    }
  }

  function touch(key: UpstreamKey): void {
    if (now() - (touched.get(key.id) ?? 0) < TOUCH_MS) return
    touched.set(key.id, now())
    db.execute('UPDATE api_keys SET last_used_at = ? WHERE id = ?', [
      new Date(now()),
      key.id,
    ]).catch((err: unknown) => log.debug({ err }, 'last_used_at was not written'))
  }

  return {
    async prepare() {
      const { standinUrl, deepseekApiKey } = env
      if (standinUrl === undefined) {
        await db.execute('UPDATE api_keys SET enabled = FALSE WHERE standin')
      } else {
        const standin = { alias: STANDIN_ALIAS, secret: STANDIN_KEY, baseUrl: standinUrl }
        await put({ ...standin, weight: 1 }, true)
      }
      if (deepseekApiKey === undefined) return
      if (!KEY_PATTERN.test(deepseekApiKey)) {
        log.error('DEEPSEEK_API_KEY is not 8 to 256 printable characters without spaces: ignored')
      } else if (!(await holds(ENV_ALIAS, deepseekApiKey))) {
        await put({ alias: ENV_ALIAS, secret: deepseekApiKey, baseUrl: undefined, weight: 1 })
      }
    },

    async list() {
      cached = undefined
      await keys()
      const rows = await db.query<ViewRow>(
        `SELECT id, alias, last4, base_url, weight, enabled, standin, created_at, last_used_at
         FROM api_keys ORDER BY alias`,
      )
      return rows.map((row) => view(row, env.deepseekBaseUrl))
    },

    put: (key) => put(key),

    async pick() {
      const key = chooseKey(await keys(), random())
      if (key === undefined) throw new Failure('no_upstream_key')
      touch(key)
      return key
    },

    async notice() {
      const [first] = await keys()
      if (first === undefined) return 'no_upstream_key'
      return first.standin ? 'standin_upstream' : undefined
    },
  }
}

function view(row: ViewRow, defaultBaseUrl: string): ApiKeyView {
  return {
    id: row.id,
    alias: row.alias,
    last4: row.last4,
    base_url: row.base_url ?? defaultBaseUrl,
    weight: row.weight,
    enabled: row.enabled === 1,
    standin: row.standin === 1,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
  }
}
