/** The address by which a client without a session is counted. */

/**
 * Returns `ip:<address>`: an IPv4 address as it is, an IPv4-mapped IPv6 address as IPv4, any other
 * IPv6 address by its /64, because one household or host usually owns a whole /64.
 */
export function addressSubject(address: string): string {
  if (!address.includes(':')) return `ip:${address}`
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)
  if (mapped?.[1] !== undefined) return `ip:${mapped[1]}`
  const groups = expandGroups(address.split('%', 1)[0] ?? address)
  const [high = 0, low = 0] = groups.slice(6)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return `ip:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  return `ip:${prefix.join(':')}::/64`
}

function expandGroups(address: string): readonly number[] {
  const [head = '', tail] = address.split('::')
  const first = parseGroups(head)
  if (tail === undefined) return first
  const last = parseGroups(tail)
  const zeros = new Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0)
  return [...first, ...zeros, ...last]
}

function parseGroups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16) || 0)
}
