/** Reading one cookie from a Cookie header (RFC 6265 §5.4). */

const SPACE = 0x20
const SEMICOLON = 0x3b

/**
 * Returns the value of the first cookie of that name, or undefined. The first wins because browsers
 * send the more specific path first; a `__Host-` cookie exists only once anyway. Searches instead of
 * splitting, because this runs for every request.
 * @param start the cookie's name and `=`
 */
export function readCookie(header: string | undefined, start: string): string | undefined {
  if (header === undefined) return undefined
  let at = header.indexOf(start)
  while (at > 0 && !beginsPair(header, at)) at = header.indexOf(start, at + 1)
  if (at < 0) return undefined
  const end = header.indexOf(';', at)
  const value = header.slice(at + start.length, end < 0 ? header.length : end)
  return value.endsWith(' ') || value.startsWith(' ') ? value.trim() : value
}

function beginsPair(header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && header.charCodeAt(before) === SPACE) before -= 1
  return before < 0 || header.charCodeAt(before) === SEMICOLON
}
