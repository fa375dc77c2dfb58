/** Where Redis is, written as one URL. */

export interface RedisAddress {
  readonly at:
    | { readonly path: string }
    | { readonly host: string; readonly port: number; readonly tls: boolean }
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
}

/**
 * Returns the parts of `redis://[user][:password]@host[:port][/db]`, the same with `rediss:` (TLS), or
 * `unix://[[user][:password]@]/socket/path[?db=n]`; credentials are percent-encoded. Returns undefined
 * for anything else.
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  try {
    return text.startsWith('unix:') ? parseUnix(text) : parseTcp(new URL(text))
  } catch {
    // Not a URL, or credentials with a stray percent sign.
    return undefined
  }
}

/** By hand, because a URL without a host may not hold credentials (WHATWG URL). */
function parseUnix(text: string): RedisAddress | undefined {
  const match = /^unix:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?(\/[^?#]+)(?:\?db=(\d{1,5}))?$/.exec(text)
  const path = match?.[3]
  if (path === undefined) return undefined
  return {
    at: { path: decodeURIComponent(path) },
    ...credentials(match?.[1], match?.[2]),
    db: Number(match?.[4] ?? 0),
  }
}

function parseTcp(url: URL): RedisAddress | undefined {
  const tls = url.protocol === 'rediss:'
  const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
  if ((!tls && url.protocol !== 'redis:') || url.hostname === '' || db === undefined) {
    return undefined
  }
  return {
    // ioredis wants an IPv6 address without brackets.
    at: { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379), tls },
    ...credentials(url.username, url.password),
    db: Number(db),
  }
}

function credentials(username = '', password = '') {
  return {
    username: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
  }
}
