/** Reading one cookie from a Cookie header (RFC 6265 §5.4). */

const SPACE = 0x20
const SEMICOLON = 0x3b

/**
 * Returns the value of the first cookie of that name, or undefined. The first wins because browsers
 * send the more specific path first; a `__Host-` cookie exists only once anyway. Searches instead of
 * splitting, because this runs for every request.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  const wanted = `${name}=`
  for (let at = header.indexOf(wanted); at >= 0; at = header.indexOf(wanted, at + 1)) {
    if (!beginsPair(header, at)) continue
    const start = at + wanted.length
    const end = header.indexOf(';', start)
    return header.slice(start, end < 0 ? undefined : end).trim()
  }
  return undefined
}

function beginsPair(header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && header.charCodeAt(before) === SPACE) before -= 1
  return before < 0 || header.charCodeAt(before) === SEMICOLON
}
