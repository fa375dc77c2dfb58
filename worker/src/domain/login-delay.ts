/**
 * How long an account has to be left alone after failed sign-ins. Guessing gets slow, and nobody is
 * locked out for good: what happened longer ago than the window is forgotten.
 */

/** Failed attempts that cost nothing. */
export const FREE_FAILURES = 10
/** How long a failure counts, and the longest delay, seconds. */
export const LOGIN_WINDOW_S = 900

/** More accounts than this are not remembered by one process. */
const MAX_SUBJECTS = 10_000

/**
 * Returns how long after the last of `failures` the next attempt may come, seconds: one second after
 * the first that is not free, and twice as long after each further one.
 */
export function loginDelayS(failures: number): number {
  if (failures <= FREE_FAILURES) return 0
  return Math.min(2 ** (failures - FREE_FAILURES - 1), LOGIN_WINDOW_S)
}

export interface LocalAttempts {
  /** Counts an attempt as failed and returns 0, or returns how long to wait, ms. */
  reserve(subject: string, id: string): number
  /** Takes an attempt back: nobody has judged it. */
  release(subject: string, id: string): void
  /** Forgets the subject's failures. */
  reset(subject: string): void
}

/**
 * Returns a count of this process alone, by the same rule as the one in Redis.
 * @param now Unix milliseconds
 */
export function createLocalAttempts(now: () => number): LocalAttempts {
  /** Times of attempts by id, for each subject; both in the order of time. */
  const subjects = new Map<string, Map<string, number>>()

  function recent(subject: string): Map<string, number> {
    const since = now() - LOGIN_WINDOW_S * 1000
    return new Map([...(subjects.get(subject) ?? [])].filter(([, at]) => at > since))
  }

  return {
    reserve(subject, id) {
      const attempts = recent(subject)
      const last = [...attempts.values()].at(-1) ?? 0
      const waitMs = last + loginDelayS(attempts.size) * 1000 - now()
      if (waitMs > 0) return waitMs
      subjects.delete(subject)
      subjects.set(subject, attempts.set(id, now()))
      const [oldest] = subjects.keys()
      if (subjects.size > MAX_SUBJECTS && oldest !== undefined) subjects.delete(oldest)
      return 0
    },
    release(subject, id) {
      subjects.get(subject)?.delete(id)
    },
    reset(subject) {
      subjects.delete(subject)
    },
  }
}
