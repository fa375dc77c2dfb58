/** Sums of usage as they are added up outside of the database. */

export interface UsageSum {
  readonly requests: number
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  /** In units of 10^-COST_SCALE (price.ts). */
  readonly cost: bigint
}

export const NO_USAGE: UsageSum = {
  requests: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  cost: 0n,
}

/** Returns `a + b`, or `a - b` with sign -1. */
export function addUsage(a: UsageSum, b: UsageSum, sign: 1 | -1 = 1): UsageSum {
  return {
    requests: a.requests + sign * b.requests,
    promptTokens: a.promptTokens + sign * b.promptTokens,
    cachedTokens: a.cachedTokens + sign * b.cachedTokens,
    completionTokens: a.completionTokens + sign * b.completionTokens,
    cost: a.cost + BigInt(sign) * b.cost,
  }
}

export function isNothing(sum: UsageSum): boolean {
  return sum.requests === 0 && sum.promptTokens === 0 && sum.completionTokens === 0
}
