/** Returns decimal text, of at most ten decimals, as a whole number of 10^-10: money without floats. */
export function units(cost: string): bigint {
  const [whole = '0', fraction = ''] = cost.split('.')
  return BigInt(whole + fraction.padEnd(10, '0'))
}
