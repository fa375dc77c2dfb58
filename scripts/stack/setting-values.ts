/** How the texts of the local run's settings are read; undefined means the text is no good. */

import { isIP } from 'node:net'

/** Flood protection per address; undefined rate means off. */
export interface Flood {
  /** nginx rate, such as `100r/s`. */
  readonly rate: string | undefined
  readonly burst: number
}

/** `100r/s burst=400` or `off`. */
export function parseFlood(text: string): Flood | undefined {
  if (text === 'off') return { rate: undefined, burst: 0 }
  const match = /^(\d{1,6}r\/[sm])(?: burst=(\d{1,6}))?$/.exec(text.trim())
  return match?.[1] === undefined ? undefined : { rate: match[1], burst: Number(match[2] ?? 0) }
}

/** Lower-case host names, comma-separated. */
export function parseDomains(text: string): readonly string[] | undefined {
  const names = split(text).map((name) => name.toLowerCase())
  const good = names.every((name) =>
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(
      name,
    ),
  )
  return good && names.length > 0 ? names : undefined
}

/** IP addresses or networks in CIDR form, comma-separated; may be empty. */
export function parseAddresses(text: string): readonly string[] | undefined {
  const items = split(text)
  return items.every(isAddressOrNetwork) ? items : undefined
}

function isAddressOrNetwork(item: string): boolean {
  const [address = '', bits, ...rest] = item.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  )
}

function split(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
