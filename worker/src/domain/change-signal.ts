/** Wakes everybody who waits for the next change. */

export interface ChangeSignal {
  /** Resolves at the next `notify` after this call. */
  next(): Promise<void>
  notify(): void
}

export function createChangeSignal(): ChangeSignal {
  let wake: () => void = () => {}
  let waiting: Promise<void> | undefined
  return {
    next() {
      waiting ??= new Promise((resolve) => {
        wake = resolve
      })
      return waiting
    },
    notify() {
      waiting = undefined
      wake()
    },
  }
}
