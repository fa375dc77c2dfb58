/** Random numbers that come again: every test that draws some says by which seed. */

const DEFAULT_SEED = 20_261_130

export interface Draw {
  /** Returns a whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number
}

/**
 * Returns the seed of this run, which CHATGATE_SEED may choose, and prints it.
 */
export function chooseSeed(): number {
  const text = process.env['CHATGATE_SEED'] ?? String(DEFAULT_SEED)
  if (!/^\d{1,9}$/.test(text)) throw new Error(`CHATGATE_SEED must be a whole number, not ${text}`)
  process.stdout.write(`seed ${text} (CHATGATE_SEED=${text} repeats it)\n`)
  return Number(text)
}

/** Returns the numbers that follow from a seed. */
export function drawFrom(seed: number): Draw {
  const next = mulberry32(seed)
  return { integer: (from, to) => from + Math.floor(next() * (to - from + 1)) }
}

/** Tommy Ettinger's Mulberry32: small, and good enough to choose points by. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
