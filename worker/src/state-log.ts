/** Logs that a dependency went away or came back: one line per change, however often it is tried. */

import type { Logger } from 'pino'

export interface StateLog {
  readonly up: () => void
  readonly down: (err: unknown) => void
}

/** @param dependency its name in the log, e.g. `redis`; assumed to be up at first */
export function createStateLog(log: Logger, dependency: string): StateLog {
  let isUp = true
  return {
    up() {
      if (!isUp) log.info({ dependency }, 'dependency is back')
      isUp = true
    },
    down(err) {
      if (isUp) log.warn({ dependency, err }, 'dependency is away')
      isUp = false
    },
  }
}
