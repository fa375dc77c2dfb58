/** The price list, read from MySQL and kept for a minute. */

import type { Logger } from 'pino'
import { parseDecimal } from '../domain/decimal.ts'
import { PRICE_SCALE, type PriceBook, type PriceTier } from '../domain/price.ts'
import type { Database } from './mysql.ts'

export interface Prices {
  /** Returns the list, at most a minute old. @throws {Failure} storage_unavailable */
  book(): Promise<PriceBook>
}

/** How long a worker goes by the list that it has read, ms. */
export const PRICES_KEPT_MS = 60_000

interface PriceTableRow {
  readonly model: string
  readonly currency: string
  readonly valid_from: Date
  readonly tier: PriceTier
  readonly hit: string
  readonly miss: string
  readonly output: string
}

/** @param now Unix milliseconds */
export function createPrices(db: Database, log: Logger, now: () => number): Prices {
  let cached: { readonly until: number; readonly book: PriceBook } | undefined

  async function load(): Promise<PriceBook> {
    const [rows, aliases, holidays] = await Promise.all([
      db.query<PriceTableRow>(
        'SELECT model, currency, valid_from, tier, hit, miss, output FROM model_prices',
      ),
      db.query<{ alias: string; model: string }>('SELECT alias, model FROM model_aliases'),
      db.query<{ day: string }>("SELECT DATE_FORMAT(day, '%Y-%m-%d') AS day FROM price_holidays"),
    ])
    return {
      rows: rows
        .filter(isSane)
        .map(({ valid_from, ...row }) => ({ ...row, validFrom: valid_from.getTime() })),
      aliases: new Map(aliases.map(({ alias, model }) => [alias, model])),
      holidays: new Set(holidays.map(({ day }) => day)),
    }
  }

  /** A negative price, set by hand, must not break the settlement of calls. */
  function isSane(row: PriceTableRow): boolean {
    try {
      for (const price of [row.hit, row.miss, row.output]) parseDecimal(price, PRICE_SCALE)
      return true
    } catch (err) {
      log.warn({ model: row.model, tier: row.tier, err }, 'a price row is ignored')
      return false
    }
  }

  return {
    async book() {
      if (cached === undefined || now() >= cached.until) {
        cached = { book: await load(), until: now() + PRICES_KEPT_MS }
      }
      return cached.book
    },
  }
}
