/**
 * What calls tell about a key, as a state machine: failures in a row open the breaker for a pause that
 * grows, after the pause one call at a time tries, and what the trial meets closes or opens it again.
 */

/** Why the provider does not serve a key at all; lasting, until something changes at the provider. */
export type KeyFault = 'rejected' | 'no_balance'

/** What one call has told about its key. */
export type KeySign =
  /** The provider answers. */
  | { readonly kind: 'good' }
  /** The call ended for a reason of its own: its content, its owner's stop. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'fault'; readonly fault: KeyFault }
  /** The account makes too many calls; it is to be left alone for so long. */
  | { readonly kind: 'busy'; readonly waitMs: number }
  /** The server behind the key does not work. */
  | { readonly kind: 'failing' }

/** Times are Unix milliseconds; 0 means never. */
export interface KeyHealth {
  /** In a row, while the breaker is closed. */
  readonly failures: number
  /** How often in a row the breaker has opened. */
  readonly breaks: number
  /** The breaker is open until then; half open after it, until a call went well. */
  readonly openUntil: number
  /** Until then the trial of the half-open breaker is taken. */
  readonly trialUntil: number
}

export type KeyReadiness =
  | 'ready'
  /** Half open: one call may try. */
  | 'trial'
  /** Open, or the trial is taken. */
  | 'waiting'

export const HEALTHY: KeyHealth = { failures: 0, breaks: 0, openUntil: 0, trialUntil: 0 }

/** So many failures in a row open the breaker. */
export const BREAK_AFTER = 5
const FIRST_PAUSE_MS = 5000
const LONGEST_PAUSE_MS = 60_000

/** A trial that tells nothing for so long (ms) is no obstacle for the next one. */
export const TRIAL_MS = 60_000
/** The same for one that was chosen for a call which never began. */
export const PICKED_MS = 5000

/** Returns the pause in ms that follows when the breaker opens for the `breaks`-th time, from 1. */
export function pauseMs(breaks: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(breaks - 1, 16), LONGEST_PAUSE_MS)
}

export function readiness(health: KeyHealth, now: number): KeyReadiness {
  if (health.openUntil === 0) return 'ready'
  return now < health.openUntil || now < health.trialUntil ? 'waiting' : 'trial'
}

/** Returns the health with the trial taken by one call for at most `ms`. */
export function takeTrial(health: KeyHealth, ms: number, now: number): KeyHealth {
  return { ...health, trialUntil: now + ms }
}

/**
 * Returns the health after a call.
 * @param isTrial whether the call had taken the trial: others, begun before the breaker opened, cannot
 *   open it any further
 */
export function afterSign(
  health: KeyHealth,
  sign: KeySign,
  isTrial: boolean,
  now: number,
): KeyHealth {
  const released = isTrial ? { ...health, trialUntil: 0 } : health
  switch (sign.kind) {
    case 'good':
      return HEALTHY
    case 'nothing':
    case 'fault':
    case 'busy':
      return released
    case 'failing': {
      if (health.openUntil !== 0) return isTrial ? open(health, now) : health
      const failures = health.failures + 1
      return failures < BREAK_AFTER ? { ...health, failures } : open(health, now)
    }
  }
}

function open(health: KeyHealth, now: number): KeyHealth {
  const breaks = health.breaks + 1
  return { failures: 0, breaks, openUntil: now + pauseMs(breaks), trialUntil: 0 }
}
