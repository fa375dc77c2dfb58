/**
 * Limit policies, written by operators with the very syntax that clients see in the response header
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11): `"chat";q=5;w=60`, several separated
 * by commas.
 */

export interface LimitPolicy {
  /** Lower-case name, shown to clients and part of the Redis key. */
  readonly name: string
  /** Requests admitted in any window, 1 to MAX_QUOTA. */
  readonly quota: number
  /** Window in seconds, 1 to 31 days. */
  readonly windowSeconds: number
}

/** A sliding log holds one entry per admitted request, so the quota bounds memory per subject. */
export const MAX_QUOTA = 2000

const MAX_WINDOW_SECONDS = 31 * 86_400

/**
 * Returns the policies of a text.
 * @throws {RangeError} naming the part that does not parse; an empty text is an error too.
 */
export function parsePolicies(text: string): readonly LimitPolicy[] {
  return text.split(',').map((part) => parsePolicy(part.trim()))
}

function parsePolicy(text: string): LimitPolicy {
  const match = /^"([a-z][a-z0-9_-]{0,31})"((?:\s*;\s*[a-z]+=\d{1,9})+)$/.exec(text)
  if (match === null) throw new RangeError(`not a policy like "chat";q=5;w=60: ${text}`)
  const [, name = '', tail = ''] = match
  const params = new Map<string, number>()
  for (const param of tail.split(';').slice(1)) {
    const [key = '', value = ''] = param.trim().split('=')
    if (key !== 'q' && key !== 'w') throw new RangeError(`unknown parameter ${key} in ${text}`)
    if (params.has(key)) throw new RangeError(`${key} is given twice in ${text}`)
    params.set(key, Number(value))
  }
  const quota = params.get('q')
  const windowSeconds = params.get('w')
  if (quota === undefined || quota < 1 || quota > MAX_QUOTA) {
    throw new RangeError(`q must be 1 to ${MAX_QUOTA} in ${text}`)
  }
  if (windowSeconds === undefined || windowSeconds < 1 || windowSeconds > MAX_WINDOW_SECONDS) {
    throw new RangeError(`w must be 1 to ${MAX_WINDOW_SECONDS} seconds in ${text}`)
  }
  return { name, quota, windowSeconds }
}
