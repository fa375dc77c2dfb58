/** Headers that every answer of the gate carries, whatever its status. */

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'

const FIXED: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/** Without these a content security policy would be of little use. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
]

/** Asserts that security headers and request id are there, and nothing that tells too much. */
export function assertGateHeaders(headers: IncomingHttpHeaders, what: string): void {
  for (const [name, value] of Object.entries(FIXED)) {
    assert.equal(headers[name], value, `${name} of ${what}`)
  }
  const policy = String(headers['content-security-policy']).split('; ')
  for (const part of POLICY) assert.ok(policy.includes(part), `${part} in the policy of ${what}`)
  assert.ok(!policy.some((part) => /unsafe|\*/.test(part)), `policy of ${what}: ${policy}`)
  assert.match(String(headers['x-request-id']), /^[0-9a-f]{32}$/, `id of ${what}`)
  assert.equal(headers['server'], 'nginx', `Server of ${what}`)
  for (const name of Object.keys(headers)) {
    assert.doesNotMatch(name, /^x-(?:gate|powered)/, `headers of ${what}`)
  }
}
