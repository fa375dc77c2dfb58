/** How long something takes. */

/** Returns what `work` resolves with, and after how many milliseconds. */
export async function timed<T>(
  work: Promise<T>,
): Promise<{ readonly value: T; readonly ms: number }> {
  const began = performance.now()
  const value = await work
  return { value, ms: performance.now() - began }
}
