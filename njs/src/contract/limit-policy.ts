/**
 * Limit policies, written by operators with the very syntax that clients see in the response header
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11), several separated by commas:
 * `"chat";q=5;w=60` admits 5 requests in any 60 s, `"streams";q=5;qu="concurrent-requests"` lets 5
 * answers run at once.
 */

import { SLOT_LEASE_SECONDS } from './stream-slot.ts'

export interface LimitPolicy {
  /** `window`: requests in any window. `concurrent`: answers that run at the same time. */
  readonly kind: 'window' | 'concurrent'
  /** Lower-case name, shown to clients and part of the Redis key; unique in its text. */
  readonly name: string
  /** Requests admitted in any window, or answers at once: 1 to MAX_QUOTA. */
  readonly quota: number
  /** Window in seconds, 1 to 31 days; of a `concurrent` policy how long a slot lasts unrenewed. */
  readonly windowSeconds: number
}

/** A sliding log holds one entry per admitted request, so the quota bounds memory per subject. */
export const MAX_QUOTA = 2000

const MAX_WINDOW_SECONDS = 31 * 86_400

/** The unit of `concurrent` policies (draft-11 §2.1.4, "quota units"). */
const CONCURRENT = '"concurrent-requests"'

/**
 * Returns the policies of a text.
 * @throws {RangeError} naming the part that does not parse; an empty text is an error too.
 */
export function parsePolicies(text: string): readonly LimitPolicy[] {
  const policies = text.split(',').map((part) => parsePolicy(part.trim()))
  const names = new Set(policies.map(({ name }) => name))
  if (names.size < policies.length) throw new RangeError(`a name stands twice in ${text}`)
  return policies
}

/** Returns the policy in the same syntax. */
export function formatPolicy({ kind, name, quota, windowSeconds }: LimitPolicy): string {
  return kind === 'window'
    ? `"${name}";q=${quota};w=${windowSeconds}`
    : `"${name}";q=${quota};qu=${CONCURRENT}`
}

function parsePolicy(text: string): LimitPolicy {
  const match = /^"([a-z][a-z0-9_-]{0,31})"((?:\s*;\s*[a-z]+=(?:\d{1,9}|"[a-z-]+"))+)$/.exec(text)
  if (match === null) throw new RangeError(`not a policy like "chat";q=5;w=60: ${text}`)
  const [, name = '', tail = ''] = match
  const params = new Map<string, string>()
  for (const param of tail.split(';').slice(1)) {
    const [key = '', value = ''] = param.trim().split('=')
    if (!['q', 'w', 'qu'].includes(key)) throw new RangeError(`unknown parameter ${key} in ${text}`)
    if (params.has(key)) throw new RangeError(`${key} is given twice in ${text}`)
    params.set(key, value)
  }
  const quota = Number(params.get('q'))
  if (!(quota >= 1 && quota <= MAX_QUOTA)) {
    throw new RangeError(`q must be 1 to ${MAX_QUOTA} in ${text}`)
  }
  return params.has('qu')
    ? concurrent(name, quota, params, text)
    : window(name, quota, params, text)
}

function window(
  name: string,
  quota: number,
  params: ReadonlyMap<string, string>,
  text: string,
): LimitPolicy {
  const windowSeconds = Number(params.get('w'))
  if (!(windowSeconds >= 1 && windowSeconds <= MAX_WINDOW_SECONDS)) {
    throw new RangeError(`w must be 1 to ${MAX_WINDOW_SECONDS} seconds in ${text}`)
  }
  return { kind: 'window', name, quota, windowSeconds }
}

function concurrent(
  name: string,
  quota: number,
  params: ReadonlyMap<string, string>,
  text: string,
): LimitPolicy {
  if (params.get('qu') !== CONCURRENT) throw new RangeError(`qu must be ${CONCURRENT} in ${text}`)
  if (params.has('w')) throw new RangeError(`w and qu exclude each other in ${text}`)
  return { kind: 'concurrent', name, quota, windowSeconds: SLOT_LEASE_SECONDS }
}
