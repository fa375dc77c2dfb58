/**
 * Own limits: quotas that take the place of the policies' own, as text `chat=20,api=500` (policy name =
 * quota). A user's hold for what is counted by user, those of an access token, `token.v1=30`, for what
 * is counted by token; an address has none.
 */

import { MAX_QUOTA } from './limit-policy.ts'

/**
 * Returns the quotas by policy name; empty for an empty text.
 * @throws {RangeError} naming the part that does not parse
 */
export function parseOwnLimits(text: string): ReadonlyMap<string, number> {
  const quotas = new Map<string, number>()
  if (text === '') return quotas
  for (const part of text.split(',')) {
    const match = /^((?:token\.)?[a-z][a-z0-9_-]{0,31})=(\d{1,4})$/.exec(part)
    const name = match?.[1]
    const quota = Number(match?.[2])
    if (name === undefined || !(quota >= 1 && quota <= MAX_QUOTA) || quotas.has(name)) {
      throw new RangeError(`not a limit like chat=20: ${part}`)
    }
    quotas.set(name, quota)
  }
  return quotas
}

/** Returns how a token's own limits name a policy: the two stand in one text, and a user's may be `v1` too. */
export function tokenLimitName(policy: string): string {
  return `token.${policy}`
}

/** Returns the text of quotas by policy name. */
export function formatOwnLimits(quotas: ReadonlyMap<string, number>): string {
  return [...quotas].map(([name, quota]) => `${name}=${quota}`).join(',')
}
