/** Collects what arrives between two frames, so that a fast stream repaints once per frame. */

/** Frames stop in a hidden tab; then a batch waits at most this long, in ms. */
const HIDDEN_TAB_DELAY_MS = 250

/** Runs an action once, soon; returns a function that cancels it. */
export type Schedule = (action: () => void) => () => void

export interface FrameBatch<T> {
  add(item: T): void
  /** Hands over what has been collected, at once. */
  flush(): void
}

/** Returns a batch that hands its items, in order, to `apply` whenever `schedule` fires. */
export function createFrameBatch<T>(
  schedule: Schedule,
  apply: (items: readonly T[]) => void,
): FrameBatch<T> {
  let items: T[] = []
  let cancel: (() => void) | undefined

  function flush(): void {
    cancel?.()
    cancel = undefined
    if (items.length === 0) return
    const batch = items
    items = []
    apply(batch)
  }

  return {
    add(item) {
      items.push(item)
      cancel ??= schedule(flush)
    },
    flush,
  }
}

/** Runs the action at the next animation frame, or a little later in a tab that has none. */
export function nextFrame(action: () => void): () => void {
  const frame = requestAnimationFrame(action)
  const timer = setTimeout(action, HIDDEN_TAB_DELAY_MS)
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}
