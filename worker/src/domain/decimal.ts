/** Money as exact decimals: strings outside, BigInt counts of the smallest unit inside, never floats. */

/**
 * Returns a decimal text as a count of 10^-scale.
 * @throws {RangeError} if the text is no non-negative decimal or has more than `scale` decimals
 */
export function parseDecimal(text: string, scale: number): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new RangeError(`not a decimal: ${text}`)
  const [, whole = '0', written = ''] = match
  const fraction = written.replace(/0+$/, '')
  if (fraction.length > scale) throw new RangeError(`more than ${scale} decimals: ${text}`)
  return BigInt(whole) * 10n ** BigInt(scale) + BigInt(fraction.padEnd(scale, '0') || '0')
}

/** Returns a count of 10^-scale as the shortest decimal text: `0.5`, `3`, `0`. */
export function formatDecimal(value: bigint, scale: number): string {
  const digits = value.toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
