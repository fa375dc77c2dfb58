/** What every route handler knows about its request. */

import type { Context, Hono } from 'hono'
import type { Lang } from '#contract/lang.ts'
import type { Role } from '#contract/session.ts'
import type { StreamSlot } from './domain/stream-slots.ts'

/** Who is signed in, as the gate verified it. */
export interface Identity {
  /** users.id, decimal. */
  readonly uid: string
  readonly role: Role
  /** SHA-256 (hex) of the session token. */
  readonly session: string
}

/** A program that came with an access token, as the gate verified it. */
export interface Program {
  /** users.id of the token's owner, decimal. */
  readonly uid: string
  /** access_tokens.id, decimal. */
  readonly token: string
}

export interface AppEnv {
  Variables: {
    requestId: string
    lang: Lang
    /** The client's address as nginx determined it. */
    ip: string
    /** Undefined on routes open to everybody (login). */
    identity: Identity | undefined
    /** Undefined for browsers. */
    program: Program | undefined
    /** The slot that the gate has taken for this request; undefined once a running answer has it. */
    slot: StreamSlot | undefined
  }
}

export type App = Hono<AppEnv>
export type AppContext = Context<AppEnv>
