/** How the texts of single settings are read; each returns undefined for a text that is no good. */

import { parseRedisUrl } from './redis-url.ts'

/** AES-256 keys by id; the first encrypts, all decrypt (GATE_ENCRYPTION_KEYS). */
export interface KeyRing {
  readonly currentId: string
  /** 32 bytes each. */
  readonly keys: ReadonlyMap<string, Buffer>
}

/** Where a server listens: a unix socket's absolute path, or host and port. */
export type ListenAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }

const MIN_SECRET_LENGTH = 32
const KEY_BYTES = 32

export function parseText(text: string): string | undefined {
  return text === '' ? undefined : text
}

export function parsePort(text: string): number | undefined {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined
}

/** `host:port`, `[v6 address]:port` or the absolute path of a unix socket. */
export function parseListen(text: string): ListenAddress | undefined {
  if (text.startsWith('/')) return { path: text }
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = parsePort(match?.[3] ?? '')
  return host === undefined || port === undefined ? undefined : { host, port }
}

export function parseSecret(text: string): string | undefined {
  return text.length >= MIN_SECRET_LENGTH ? text : undefined
}

/** One or two comma-separated secrets; returns the first, which signs. */
export function parseSigningSecret(text: string): string | undefined {
  const secrets = text.split(',').map((part) => part.trim())
  const good = secrets.length <= 2 && secrets.every((secret) => parseSecret(secret) !== undefined)
  return good ? secrets[0] : undefined
}

/** `id:base64` pairs separated by commas; the first encrypts. Each key is 32 bytes (AES-256). */
export function parseKeyRing(text: string): KeyRing | undefined {
  const keys = new Map<string, Buffer>()
  for (const part of text.split(',')) {
    const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(part.trim())
    const [, id, encoded] = match ?? []
    if (id === undefined || encoded === undefined || keys.has(id)) return undefined
    const key = Buffer.from(encoded, 'base64')
    if (key.length !== KEY_BYTES) return undefined
    keys.set(id, key)
  }
  const [currentId] = keys.keys()
  return currentId === undefined ? undefined : { currentId, keys }
}

/** A URL that stores/redis.ts can connect to. */
export function checkRedisUrl(text: string): string | undefined {
  return parseRedisUrl(text) === undefined ? undefined : text
}

/** Returns an http or https URL without a trailing slash. */
export function parseHttpUrl(text: string): string | undefined {
  const protocol = parseUrl(text)?.protocol
  return protocol === 'https:' || protocol === 'http:' ? text.replace(/\/+$/, '') : undefined
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** An IANA zone that this Node knows. */
export function parseTimezone(text: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return text
  } catch {
    return undefined
  }
}

/** The name of a cookie that browsers tie to the host; see sessionCookieName in the contract. */
export function parseCookieName(text: string): string | undefined {
  return /^__Host-[A-Za-z0-9_-]{1,64}$/.test(text) ? text : undefined
}

export function parseLogLevel(text: string): string | undefined {
  return /^(trace|debug|info|warn|error|fatal|silent)$/.test(text) ? text : undefined
}

/** A name that fits users.username. */
export function parseUsername(text: string): string | undefined {
  return text.length >= 1 && text.length <= 64 && text === text.trim() ? text : undefined
}

/** A password that the login form accepts. */
export function parsePassword(text: string): string | undefined {
  return text.length >= 1 && text.length <= 256 ? text : undefined
}
