/** Reading one cookie from a Cookie header (RFC 6265 §5.4). */

/**
 * Returns the value of the first cookie of that name, or undefined. The first wins because browsers
 * send the more specific path first; a `__Host-` cookie exists only once anyway.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
