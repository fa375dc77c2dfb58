/** Who the client claims to be, proved authentic but not yet known to be good. */

import { bearerToken, parseAccessToken, tokenMacInput } from '../contract/access-token.ts'
import { macInput, parseSessionCookie, type SessionCookie } from '../contract/session.ts'
import { readCookie } from '../domain/cookie.ts'
import type { Credential } from '../domain/credential.ts'
import { isAuthentic, sha256 } from './credential-mac.ts'
import type { GateRequest } from './gate-request.ts'
import type { GateSettings } from './gate-settings.ts'

/** Returns the text of the session cookie as the client sent it, or undefined. */
export function sessionText({ variables, settings }: GateRequest): string | undefined {
  return readCookie(variables['http_cookie'], settings.cookieStart)
}

/** Returns the text of the access token as the client sent it, or undefined. */
export function tokenText({ variables }: GateRequest): string | undefined {
  return bearerToken(variables['http_authorization'])
}

/** Returns the session of a cookie's text, or undefined if we did not make it. */
export function proveSession({ settings }: GateRequest, text: string): Credential | undefined {
  const cookie = parseSessionCookie(text)
  return cookie && proveCookie(cookie, settings)
}

/** Returns the session of a cookie, or undefined if we did not make it. */
export function proveCookie(
  { uid, token, mac }: SessionCookie,
  { sessionSecrets }: GateSettings,
): Credential | undefined {
  return isAuthentic(macInput(uid, token), mac, sessionSecrets, 'base64url')
    ? { kind: 'session', uid, hash: sha256(token) }
    : undefined
}

/** Returns the access token of a text, or undefined if we did not make it. */
export function proveToken({ settings }: GateRequest, text: string): Credential | undefined {
  const token = parseAccessToken(text)
  if (token === undefined) return undefined
  const { uid, secret, mac } = token
  return isAuthentic(tokenMacInput(uid, secret), mac, settings.tokenSecrets, 'hex')
    ? { kind: 'token', uid, hash: sha256(secret) }
    : undefined
}
