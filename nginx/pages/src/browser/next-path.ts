/** Where to go after signing in: own paths only, so that a link cannot lead people elsewhere. */

const DEFAULT_PATH = '/chat'
const MAX_LENGTH = 512

/**
 * Returns the `next` parameter of a query string if it is a path of this site, else `/chat`.
 * Browsers read a backslash as a slash and drop tabs and line breaks, so `/\host`, `//host` and
 * control characters are refused; so are the sign-in pages themselves, which would lead in circles.
 */
export function nextPath(query: string): string {
  const next = new URLSearchParams(query).get('next') ?? ''
  const isOwn =
    next.length <= MAX_LENGTH &&
    /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next) &&
    !/^\/(login|logout)([/?#]|$)/.test(next)
  return isOwn ? next : DEFAULT_PATH
}

/** Returns the address of the login page that leads back to a path. */
export function loginPath(returnTo: string): string {
  return `/login?next=${encodeURIComponent(returnTo)}`
}
