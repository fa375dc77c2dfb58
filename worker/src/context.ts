/** What every route handler knows about its request. */

import type { Context, Hono } from 'hono'
import type { Lang } from '#contract/lang.ts'
import type { Role } from '#contract/session.ts'

/** Who is signed in, as the gate verified it. */
export interface Identity {
  /** users.id, decimal. */
  readonly uid: string
  readonly role: Role
  /** SHA-256 (hex) of the session token. */
  readonly session: string
}

export interface AppEnv {
  Variables: {
    requestId: string
    lang: Lang
    /** The client's address as nginx determined it. */
    ip: string
    /** Undefined on routes open to everybody (login). */
    identity: Identity | undefined
  }
}

export type App = Hono<AppEnv>
export type AppContext = Context<AppEnv>
