/** Whether a sign-in comes from where the account is at home. */

import { BlockList, isIP } from 'node:net'

/** People get a whole /64 of IPv6, and their devices change addresses within it. */
const IPV6_PREFIX = 64

/** Returns true if both are the same IPv4 address, or IPv6 addresses of one /64. */
export function isSameNetwork(one: string, other: string): boolean {
  if (isIP(one) !== 6 || isIP(other) !== 6) return one === other && isIP(one) === 4
  const network = new BlockList()
  network.addSubnet(one, IPV6_PREFIX, 'ipv6')
  return network.check(other, 'ipv6')
}

export interface LoginOrigin {
  readonly ip: string
  /** A session of the account that the browser still has the cookie of, alive or not; or undefined. */
  readonly session: string | undefined
}

/**
 * Returns whose failures count for an attempt. Strangers share one count per account, so an attack
 * from many addresses is slowed down as one. A browser that has been signed in to the account, and
 * the network of its last sign-in, count for themselves: a stranger cannot keep its owner out.
 * @param account the same for all spellings of one name, whether or not there is such an account
 * @param lastLoginIp of the account, or empty
 */
export function loginSubject(account: string, lastLoginIp: string, origin: LoginOrigin): string {
  if (origin.session !== undefined) return `n:${account}:${origin.session}`
  return isSameNetwork(lastLoginIp, origin.ip) ? `n:${account}:home` : `n:${account}`
}
