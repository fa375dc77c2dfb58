/** Counting down the seconds until a refused call may be repeated. */

/** Returns the whole seconds left until `deadline`, never below 0; both in Unix ms. */
export function secondsLeft(deadline: number, now: number): number {
  return Math.max(0, Math.ceil((deadline - now) / 1000))
}

/**
 * Calls `onTick` now and then whenever the number of seconds left changes, the last time with 0.
 * It counts towards a point in time, so a sleeping laptop does not stretch the wait.
 * @returns a function that ends the countdown early
 */
export function startCountdown(seconds: number, onTick: (left: number) => void): () => void {
  const deadline = Date.now() + seconds * 1000
  let shown = secondsLeft(deadline, Date.now())
  onTick(shown)
  const timer = setInterval(() => {
    const left = secondsLeft(deadline, Date.now())
    if (left === shown) return
    shown = left
    if (left === 0) clearInterval(timer)
    onTick(left)
  }, 200)
  return () => clearInterval(timer)
}
