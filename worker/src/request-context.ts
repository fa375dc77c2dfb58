/** What the gate tells about a request, read from its headers. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { GATE_HEADERS, REAL_IP_HEADER, REQUEST_ID_HEADER } from '#contract/headers.ts'
import { chooseLang, LANG_COOKIE } from '#contract/lang.ts'
import type { AppContext, AppEnv, Identity } from './context.ts'
import { Failure } from './failure.ts'

/**
 * Returns the first step of every request: it fills the context, after making sure that the gate is
 * calling. Everything it reads may be believed, since the gate drops what clients send under these names.
 * @throws {Failure} gate_required
 */
export function requestContext(workerSecret: string): MiddlewareHandler<AppEnv> {
  const expected = digest(workerSecret)
  return async (c, next) => {
    // Until the caller has proved to be the gate, nothing of the request is repeated to it.
    c.set('requestId', newRequestId())
    c.set('lang', 'en')
    c.set('ip', '')
    c.set('identity', undefined)
    // Digests, because timingSafeEqual needs equal lengths and a length would be a hint.
    if (!timingSafeEqual(digest(c.req.header(GATE_HEADERS.secret) ?? ''), expected)) {
      throw new Failure('gate_required')
    }
    const requestId = c.req.header(REQUEST_ID_HEADER) ?? ''
    if (/^[0-9a-f]{32}$/.test(requestId)) c.set('requestId', requestId)
    c.set('lang', chooseLang(getCookie(c, LANG_COOKIE), c.req.header('Accept-Language')))
    c.set('ip', c.req.header(REAL_IP_HEADER) ?? '')
    c.set('identity', identity(c))
    await next()
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function newRequestId(): string {
  return randomBytes(16).toString('hex')
}

/** Half an identity is none. */
function identity(c: AppContext): Identity | undefined {
  const uid = c.req.header(GATE_HEADERS.user) ?? ''
  const role = c.req.header(GATE_HEADERS.role)
  const session = c.req.header(GATE_HEADERS.session) ?? ''
  if (!/^[1-9]\d{0,19}$/.test(uid) || !/^[0-9a-f]{64}$/.test(session)) return undefined
  return role === 'user' || role === 'admin' ? { uid, role, session } : undefined
}
