/** Headers that the document names with answers. */

import type { OperationSpec } from './routes/operation.ts'

const header = (description: string, type: 'string' | 'integer' = 'string') => ({
  description,
  schema: { type },
})

const ref = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` })

/** Components of the document. */
export const HEADERS = {
  RequestId: header('Id of this request in every log, record and error; 32 hexadecimal digits.'),
  RetryAfter: header('Seconds after which a retry may succeed.', 'integer'),
  RateLimitPolicy: header(
    'The limits that count this request: `"name";q=<requests>;w=<seconds>`, comma-separated.',
  ),
  RateLimit: header(
    'What is left of each: `"name";r=<remaining>;t=<seconds until there is more>`.',
  ),
}

/** With every answer. */
export const ANSWER_HEADERS = { 'X-Request-Id': ref('RequestId') }

/** With every error; some do not know when a retry may succeed. */
export const ERROR_HEADERS = { ...ANSWER_HEADERS, 'Retry-After': ref('RetryAfter') }

/** With every answer to a request that a limit counts. */
export const LIMIT_HEADERS = {
  'RateLimit-Policy': ref('RateLimitPolicy'),
  RateLimit: ref('RateLimit'),
}

/** Returns whether nginx counts an operation toward a limit. */
export function isLimited(spec: OperationSpec): boolean {
  return spec.isLimited ?? (spec.method !== 'get' || !/^\/(?:api|login|logout)\b/.test(spec.path))
}

/** Returns headers of one answer as the document shows them. @param texts what each says */
export function namedHeaders(texts: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, header(text)]))
}
