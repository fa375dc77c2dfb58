/**
 * What a model call costs. Prices are dated data (MySQL model_prices); DeepSeek's tariff has a peak
 * and an off-peak tier by the clock of Beijing. The provider does not say which instant of a long
 * call chooses the tier; we take its start.
 */

import { formatDecimal, parseDecimal } from './decimal.ts'

export type PriceTier = 'peak' | 'off_peak'

/** Prices per 1,000,000 tokens as decimal strings with at most four decimals. */
export interface PriceRow {
  readonly model: string
  readonly currency: string
  /** Unix milliseconds. */
  readonly validFrom: number
  readonly tier: PriceTier
  /** Prompt tokens found in the provider's cache. */
  readonly hit: string
  /** Other prompt tokens. */
  readonly miss: string
  readonly output: string
}

export interface PriceBook {
  readonly rows: readonly PriceRow[]
  /** Other names of priced models. */
  readonly aliases: ReadonlyMap<string, string>
  /** Beijing dates (YYYY-MM-DD) that are off-peak all day. */
  readonly holidays: ReadonlySet<string>
}

export interface TokenCounts {
  readonly promptTokens: number
  /** Part of promptTokens. */
  readonly cachedTokens: number
  readonly completionTokens: number
  /** Part of completionTokens. */
  readonly reasoningTokens: number
}

export interface Cost {
  /** Decimal string in `currency`, exact, at most ten decimals. */
  readonly cost: string
  readonly currency: string
  /** False if no price is known for the model at that time; the cost is then '0'. */
  readonly priced: boolean
}

export const DEFAULT_CURRENCY = 'CNY'

/** China has had no daylight saving time since 1991. */
const BEIJING_OFFSET_MS = 8 * 3_600_000

/** Hours of the day [from, to) that are peak on working days. */
const PEAK_HOURS = [
  [9, 12],
  [14, 18],
] as const

/** Decimals that a price may have. */
export const PRICE_SCALE = 4
/** Price units of 10^-4 per 10^6 tokens make cost units of 10^-10 per token: no rounding anywhere. */
export const COST_SCALE = 10

/** Returns the date in Beijing at an instant (Unix ms), YYYY-MM-DD. */
export function beijingDay(at: number): string {
  return new Date(at + BEIJING_OFFSET_MS).toISOString().slice(0, 10)
}

/** Returns the tier at an instant (Unix ms): peak is Beijing Mon–Fri 09–12 and 14–18, no holidays. */
export function tierAt(at: number, holidays: ReadonlySet<string>): PriceTier {
  const beijing = new Date(at + BEIJING_OFFSET_MS)
  const weekday = beijing.getUTCDay()
  const hour = beijing.getUTCHours()
  if (weekday === 0 || weekday === 6) return 'off_peak'
  if (holidays.has(beijingDay(at))) return 'off_peak'
  return PEAK_HOURS.some(([from, to]) => hour >= from && hour < to) ? 'peak' : 'off_peak'
}

/** Returns what the tokens of a call of `model` that began at `startedAt` (Unix ms) cost. */
export function costOf(
  book: PriceBook,
  model: string,
  startedAt: number,
  tokens: TokenCounts,
): Cost {
  const price = priceAt(book, model, startedAt)
  if (price === undefined) return { cost: '0', currency: DEFAULT_CURRENCY, priced: false }
  // Nobody sends more hits than prompt, but if so it must not make the rest of the bill smaller.
  const hits = Math.min(tokens.cachedTokens, tokens.promptTokens)
  const cost =
    BigInt(hits) * parseDecimal(price.hit, PRICE_SCALE) +
    BigInt(tokens.promptTokens - hits) * parseDecimal(price.miss, PRICE_SCALE) +
    BigInt(tokens.completionTokens) * parseDecimal(price.output, PRICE_SCALE)
  return { cost: formatDecimal(cost, COST_SCALE), currency: price.currency, priced: true }
}

/** What a token costs, in 10^-10 of the currency. */
export interface TokenPrices {
  /** Of the prompt, as if the provider's cache held nothing of it. */
  readonly prompt: bigint
  readonly answer: bigint
}

/**
 * Returns the most that tokens of a call of `model` cost that begins at `at` (Unix ms); nothing for a model
 * without a price, or with one in another currency than quotas are counted in.
 */
export function dearestPrices(book: PriceBook, model: string, at: number): TokenPrices {
  const price = priceAt(book, model, at)
  if (price === undefined || price.currency !== DEFAULT_CURRENCY) return { prompt: 0n, answer: 0n }
  return {
    prompt: parseDecimal(price.miss, PRICE_SCALE),
    answer: parseDecimal(price.output, PRICE_SCALE),
  }
}

function priceAt(book: PriceBook, model: string, at: number): PriceRow | undefined {
  const name = book.aliases.get(model) ?? model
  const tier = tierAt(at, book.holidays)
  return book.rows
    .filter((row) => row.model === name && row.tier === tier && row.validFrom <= at)
    .reduce<PriceRow | undefined>(
      (newest, row) => (newest === undefined || row.validFrom > newest.validFrom ? row : newest),
      undefined,
    )
}
