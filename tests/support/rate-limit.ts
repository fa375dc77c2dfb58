/** Reading the RateLimit headers of an answer (draft-ietf-httpapi-ratelimit-headers-11). */

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'

/** One policy's part of RateLimit and RateLimit-Policy. */
export interface RateLimit {
  readonly quota: number
  /** Seconds; undefined for a policy of things at once. */
  readonly window: number | undefined
  readonly remaining: number
  /** Seconds; undefined where nobody knows. */
  readonly reset: number | undefined
}

/** Returns the limits by policy name, strictly read; empty if the answer has none. */
export function rateLimits(headers: IncomingHttpHeaders): ReadonlyMap<string, RateLimit> {
  const policies = readList(headers['ratelimit-policy'])
  const states = readList(headers['ratelimit'])
  assert.deepEqual([...states.keys()], [...policies.keys()], 'both headers name the same policies')
  return new Map(
    [...policies].map(([name, { q, w, qu, ...unknown }]) => {
      const { r, t, ...more } = states.get(name) ?? {}
      assert.deepEqual([unknown, more], [{}, {}], 'no parameters of our own')
      assert.ok(qu === undefined ? w !== undefined : qu === '"concurrent-requests"')
      const limit = {
        quota: whole(q),
        window: optional(w),
        remaining: whole(r),
        reset: optional(t),
      }
      assert.ok(limit.remaining <= limit.quota)
      if (limit.reset !== undefined) assert.ok(limit.reset <= (limit.window ?? 0))
      return [name, limit]
    }),
  )
}

/** Returns one policy's part. @throws {AssertionError} if the answer does not name it */
export function rateLimit(headers: IncomingHttpHeaders, name: string): RateLimit {
  const limit = rateLimits(headers).get(name)
  assert.ok(limit !== undefined, `${name} in ${headers['ratelimit']}`)
  return limit
}

type Parameters = Readonly<Record<string, string>>

/** A list of strings with parameters (RFC 9651 §3.1, §3.1.2). */
function readList(value: unknown): ReadonlyMap<string, Parameters> {
  if (value === undefined) return new Map()
  assert.equal(typeof value, 'string')
  const items = String(value).split(', ')
  return new Map(
    items.map((item) => {
      const match = /^"([a-z][a-z0-9_-]*)"((?:;[a-z]+=(?:\d+|"[a-z-]+"))+)$/.exec(item)
      assert.ok(match !== null, `not an item of a list: ${item}`)
      const [, name = '', tail = ''] = match
      const pairs = tail.split(';').slice(1)
      return [name, Object.fromEntries(pairs.map((pair) => pair.split('=', 2)))]
    }),
  )
}

function whole(text: string | undefined): number {
  assert.match(text ?? '', /^\d+$/)
  return Number(text)
}

function optional(text: string | undefined): number | undefined {
  return text === undefined ? undefined : whole(text)
}
