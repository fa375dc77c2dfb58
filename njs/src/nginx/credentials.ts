/** Who the client claims to be, proved authentic but not yet known to be good. */

import { bearerToken, parseAccessToken, tokenMacInput } from '../contract/access-token.ts'
import { macInput, parseSessionCookie } from '../contract/session.ts'
import { readCookie } from '../domain/cookie.ts'
import type { Credential } from '../domain/credential.ts'
import { type KnownCredential, recallCredential } from './credential-cache.ts'
import { isAuthentic, sha256 } from './credential-mac.ts'
import type { GateRequest } from './gate-request.ts'

export interface PresentedCredential {
  /** As the client sent it. */
  readonly text: string
  readonly credential: Credential
  /** What Redis said about it a while ago, if it is still remembered. */
  readonly known: KnownCredential | undefined
}

/** Returns the text of the session cookie as the client sent it, or undefined. */
export function sessionText({ r, settings }: GateRequest): string | undefined {
  return readCookie(r.headersIn['Cookie'], settings.cookieName)
}

/** Returns the text of the access token as the client sent it, or undefined. */
export function tokenText({ r }: GateRequest): string | undefined {
  return bearerToken(r.headersIn['Authorization'])
}

/** Returns the session of a cookie's text, or undefined if we did not make it. */
export function proveSession(
  { settings }: GateRequest,
  text: string,
): PresentedCredential | undefined {
  const known = recallCredential(text)
  if (known?.kind === 'session') return { text, credential: known, known }
  const cookie = parseSessionCookie(text)
  if (cookie === undefined) return undefined
  const { uid, token, mac } = cookie
  if (!isAuthentic(macInput(uid, token), mac, settings.sessionSecrets, 'base64url')) {
    return undefined
  }
  return { text, credential: { kind: 'session', uid, hash: sha256(token) }, known: undefined }
}

/** Returns the access token of a text, or undefined if we did not make it. */
export function proveToken(
  { settings }: GateRequest,
  text: string,
): PresentedCredential | undefined {
  const known = recallCredential(text)
  if (known?.kind === 'token') return { text, credential: known, known }
  const token = parseAccessToken(text)
  if (token === undefined) return undefined
  const { uid, secret, mac } = token
  if (!isAuthentic(tokenMacInput(uid, secret), mac, settings.tokenSecrets, 'hex')) return undefined
  return { text, credential: { kind: 'token', uid, hash: sha256(secret) }, known: undefined }
}
