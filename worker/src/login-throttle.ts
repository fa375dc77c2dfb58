/** Slows down guessing at one account, wherever the guesses come from. */

import type { Logger } from 'pino'
import type { LocalAttempts } from './domain/login-delay.ts'
import type { LoginAttempts } from './stores/login-attempts.ts'

/** None of the calls rejects: while Redis is away this process counts by itself. */
export interface LoginThrottle {
  /**
   * Counts an attempt as failed before it is judged, so that many at once gain nothing. Returns 0, or
   * how long the subject has to wait, ms; then the attempt does not count.
   */
  reserve(subject: string, id: string): Promise<number>
  /** Takes an attempt back that could not be judged. */
  release(subject: string, id: string): Promise<void>
  /** Forgets the failures: the password was right. */
  reset(subject: string): Promise<void>
}

/** A sign-in needs Redis again for its session, and has to be refused within a second without it. */
const LIMIT_MS = 150

export function createLoginThrottle(
  shared: LoginAttempts,
  local: LocalAttempts,
  log: Logger,
): LoginThrottle {
  async function either<T>(viaRedis: Promise<T>, otherwise: () => T): Promise<T> {
    try {
      return await within(LIMIT_MS, viaRedis)
    } catch (err) {
      log.debug({ err }, 'failed sign-ins are counted in this process')
      return otherwise()
    }
  }
  return {
    reserve: (subject, id) => either(shared.reserve(subject, id), () => local.reserve(subject, id)),
    release: (subject, id) => either(shared.release(subject, id), () => local.release(subject, id)),
    reset(subject) {
      local.reset(subject)
      return either(shared.reset(subject), () => {})
    },
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
