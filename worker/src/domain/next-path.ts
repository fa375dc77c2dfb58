/** Where a person goes after signing in. */

const DEFAULT_PATH = '/chat'
const MAX_LENGTH = 512

/** To sign in and come back to these would sign out again, or ask again. */
const POINTLESS = /^\/(login|logout)(?![^/?#])/

/**
 * Returns `next` if it is a path on this host, else /chat. Only printable ASCII without a backslash,
 * beginning with exactly one slash: browsers read `//host`, `/\host` and `/<tab>/host` as other hosts.
 */
export function nextPath(next: string | undefined): string {
  if (next === undefined || next.length > MAX_LENGTH) return DEFAULT_PATH
  const isOwnPath = /^\/[\x21-\x5b\x5d-\x7e]*$/.test(next) && !next.includes('//')
  return isOwnPath && !POINTLESS.test(next) ? next : DEFAULT_PATH
}
