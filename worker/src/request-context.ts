/** What the gate tells about a request, read from its headers. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { GATE_HEADERS, REAL_IP_HEADER, REQUEST_ID_HEADER } from '#contract/headers.ts'
import { chooseLang, LANG_COOKIE } from '#contract/lang.ts'
import type { AppContext, AppEnv, Identity, Program } from './context.ts'
import type { StreamSlot } from './domain/stream-slots.ts'
import { Failure } from './failure.ts'

/** A decimal id of MySQL. */
const ID = /^[1-9]\d{0,19}$/

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
    c.set('program', undefined)
    c.set('slot', undefined)
    // Digests, because timingSafeEqual needs equal lengths and a length would be a hint.
    if (!timingSafeEqual(digest(c.req.header(GATE_HEADERS.secret) ?? ''), expected)) {
      throw new Failure('gate_required')
    }
    const requestId = c.req.header(REQUEST_ID_HEADER) ?? ''
    if (/^[0-9a-f]{32}$/.test(requestId)) c.set('requestId', requestId)
    c.set('lang', chooseLang(getCookie(c, LANG_COOKIE), c.req.header('Accept-Language')))
    c.set('ip', c.req.header(REAL_IP_HEADER) ?? '')
    c.set('identity', identity(c))
    c.set('program', program(c))
    c.set('slot', slot(c))
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
  const uid = userId(c)
  const role = c.req.header(GATE_HEADERS.role)
  const session = c.req.header(GATE_HEADERS.session) ?? ''
  if (uid === undefined || !/^[0-9a-f]{64}$/.test(session)) return undefined
  return role === 'user' || role === 'admin' ? { uid, role, session } : undefined
}

function program(c: AppContext): Program | undefined {
  const uid = userId(c)
  const token = c.req.header(GATE_HEADERS.token) ?? ''
  return uid !== undefined && ID.test(token) ? { uid, token } : undefined
}

/** The slot is the user's, whether a person or a program asks. */
function slot(c: AppContext): StreamSlot | undefined {
  const uid = userId(c)
  const policy = c.req.header(GATE_HEADERS.slot) ?? ''
  if (uid === undefined || !/^[a-z][a-z0-9_-]{0,31}$/.test(policy)) return undefined
  return { uid, policy, requestId: c.var.requestId }
}

function userId(c: AppContext): string | undefined {
  const uid = c.req.header(GATE_HEADERS.user) ?? ''
  return ID.test(uid) ? uid : undefined
}
