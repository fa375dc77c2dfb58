/**
 * Whether nginx's process gets round in time. With a thousand requests at once it handles them one after
 * the other for a while before it looks at its sockets again, and then what took too long says nothing
 * about whom it was asked.
 */

const TICK_MS = 10

/** A gap between two ticks that a process does not have that is merely busy. */
const STALL_MS = 60

/** Watches the process from now on until `end`. */
export class Pace {
  readonly #began = Date.now()
  #last = this.#began
  #stalledMs = 0
  #timer = this.#next()

  /** Whether the process was away from its timers for half of the time. */
  get isSlow(): boolean {
    this.#measure()
    return this.#stalledMs * 2 > this.#last - this.#began
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #next(): TimerHandle {
    return setTimeout(() => {
      this.#measure()
      this.#timer = this.#next()
    }, TICK_MS)
  }

  #measure(): void {
    const now = Date.now()
    const gap = now - this.#last
    if (gap > STALL_MS) this.#stalledMs += gap
    this.#last = now
  }
}
