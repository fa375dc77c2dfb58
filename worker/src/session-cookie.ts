/** The session cookie's attributes, the same when it is set and when it is taken away. */

import { deleteCookie, setCookie } from 'hono/cookie'
import type { AppContext } from './context.ts'
import type { WorkerEnv } from './env.ts'

/** `__Host-` demands Secure, Path=/ and no Domain; Lax lets links from elsewhere arrive signed in. */
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const

export function setSessionCookie(c: AppContext, env: WorkerEnv, value: string): void {
  const maxAge = Math.floor(env.sessionAbsoluteMs / 1000)
  setCookie(c, env.cookieName, value, { ...ATTRIBUTES, maxAge })
}

export function clearSessionCookie(c: AppContext, env: WorkerEnv): void {
  deleteCookie(c, env.cookieName, ATTRIBUTES)
}
