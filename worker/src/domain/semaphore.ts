/** Bounds how much of one kind of work runs at once and how much waits. */

export interface Semaphore {
  /** Runs `work` in its turn, first come first served; returns undefined if too many wait. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined
}

export function createSemaphore(maxRunning: number, maxWaiting: number): Semaphore {
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<T>(work: () => Promise<T>, turn: Promise<void> | undefined): Promise<T> {
    await turn
    try {
      return await work()
    } finally {
      // The place passes straight to the next in line, so `running` stays as it is.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }

  return {
    run(work) {
      if (running < maxRunning) {
        running += 1
        return inTurn(work, undefined)
      }
      if (waiting.length >= maxWaiting) return undefined
      return inTurn(work, new Promise((resolve) => waiting.push(resolve)))
    },
  }
}
