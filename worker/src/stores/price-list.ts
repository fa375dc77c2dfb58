/**
 * The price list as administrators keep it. What is in force is never changed: calls were charged by it.
 * Workers read the list once a minute (prices.ts), so what is taken out must be further away than that.
 */

import type { HolidayView, PriceView } from '#contract/admin.ts'
import type { AuditOrigin } from '../domain/audit.ts'
import { formatDecimal, parseDecimal } from '../domain/decimal.ts'
import { beijingDay, PRICE_SCALE, type PriceTier } from '../domain/price.ts'
import { Failure } from '../failure.ts'
import { recordChange } from './audit.ts'
import { repeatDeadlocked } from './deadlocks.ts'
import type { Database, Queries, SqlValue } from './mysql.ts'
import { isDuplicate } from './mysql-errors.ts'
import { PRICES_KEPT_MS } from './prices.ts'

/** Decimal strings with at most four decimals. */
export interface TierPrices {
  readonly hit: string
  readonly miss: string
  readonly output: string
}

export interface NewPrices {
  readonly model: string
  readonly currency: string
  readonly validFrom: Date
  readonly tiers: Readonly<Record<PriceTier, TierPrices>>
}

export interface PriceQuery {
  readonly model: string | undefined
  readonly standing: PriceView['standing'] | undefined
  /** model_prices.id: the list begins below it; undefined: at its beginning. */
  readonly before: string | undefined
  readonly limit: number
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface PriceList {
  /** Returns prices, those added last first. */
  list(query: PriceQuery, now: Date): Promise<readonly PriceView[]>
  /** Returns the model that this is another name of, or undefined. */
  aliased(model: string): Promise<string | undefined>
  /** Adds a price for each tier. @throws {Failure} conflict if there is one of that instant */
  add(prices: NewPrices, origin: AuditOrigin, now: Date): Promise<readonly PriceView[]>
  /** Returns false if there is no such price. @throws {Failure} price_in_force */
  remove(id: string, origin: AuditOrigin, now: Date): Promise<boolean>
  /** Returns holidays of these days and between them, in their order. */
  holidays(after: string, to: string, limit: number): Promise<readonly HolidayView[]>
  /** Adds a holiday, or names it anew. @throws {Failure} price_in_force for a day that is over */
  putHoliday(holiday: HolidayView, origin: AuditOrigin, now: Date): Promise<void>
  /** Returns false if it is none. @throws {Failure} price_in_force for a day that has begun */
  removeHoliday(day: string, origin: AuditOrigin, now: Date): Promise<boolean>
}

interface PriceRow extends Omit<PriceView, 'valid_from' | 'standing'> {
  readonly valid_from: Date
  readonly standing: PriceView['standing']
}

/** The same rule as in domain/price.ts: of a model and tier the newest that has begun. */
const SELECT = `SELECT * FROM (
  SELECT p.id, p.model, p.currency, p.valid_from, p.tier, p.hit, p.miss, p.output,
    CASE
      WHEN p.valid_from > ? THEN 'future'
      WHEN EXISTS (SELECT 1 FROM model_prices n WHERE n.model = p.model AND n.tier = p.tier
        AND n.valid_from > p.valid_from AND n.valid_from <= ?) THEN 'past'
      ELSE 'current'
    END AS standing
  FROM model_prices p) AS dated`

export function createPriceList(db: Database): PriceList {
  async function select(
    queries: Queries,
    now: Date,
    rest: string,
    params: readonly SqlValue[],
  ): Promise<readonly PriceView[]> {
    const rows = await queries.query<PriceRow>(`${SELECT} ${rest}`, [now, now, ...params])
    return rows.map((row) => ({
      ...row,
      valid_from: row.valid_from.toISOString(),
      hit: shortest(row.hit),
      miss: shortest(row.miss),
      output: shortest(row.output),
    }))
  }

  /** Two that add something of one place each lock the gap in which both belong. */
  function transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T> {
    return repeatDeadlocked(() => db.transaction(work))
  }

  return {
    list({ model, standing, before, limit }, now) {
      const conditions = ['TRUE']
      const params: SqlValue[] = []
      for (const [condition, value] of [
        ['model = ?', model],
        ['standing = ?', standing],
        ['id < ?', before],
      ] as const) {
        if (value === undefined) continue
        conditions.push(condition)
        params.push(value)
      }
      const rest = `WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`
      return select(db, now, rest, [...params, limit])
    },

    async aliased(name) {
      const [row] = await db.query<{ model: string }>(
        'SELECT model FROM model_aliases WHERE alias = ?',
        [name],
      )
      return row?.model
    },

    add: ({ model, currency, validFrom, tiers }, origin, now) =>
      transaction(async (tx) => {
        await takeTurn(tx)
        // One instant has one price, whatever the currency.
        const same = 'SELECT 1 FROM model_prices WHERE model = ? AND valid_from = ?'
        if ((await tx.query(same, [model, validFrom])).length > 0) throw new Failure('conflict')
        const ids: string[] = []
        for (const tier of ['off_peak', 'peak'] as const) {
          const { hit, miss, output } = tiers[tier]
          const { insertId } = await tx
            .execute(
              `INSERT INTO model_prices (model, currency, valid_from, tier, hit, miss, output)
               VALUES (?, ?, ?, ?, ?, ?, ?)`,
              [model, currency, validFrom, tier, hit, miss, output],
            )
            .catch(taken)
          ids.push(insertId)
        }
        const added: PriceView[] = []
        for (const id of ids) {
          added.push(...(await select(tx, now, 'WHERE id = ?', [id])))
        }
        for (const after of added) {
          await recordChange(tx, {
            ...{ origin, action: 'price.add', target: after.id, before: null, after },
          })
        }
        return added
      }),

    remove: (id, origin, now) =>
      transaction(async (tx) => {
        await tx.query('SELECT 1 FROM model_prices WHERE id = ? FOR UPDATE', [id])
        const [before] = await select(tx, now, 'WHERE id = ?', [id])
        if (before === undefined) return false
        const left = Date.parse(before.valid_from) - now.getTime()
        if (left <= PRICES_KEPT_MS) throw new Failure('price_in_force')
        await tx.execute('DELETE FROM model_prices WHERE id = ?', [id])
        await recordChange(tx, {
          ...{ origin, action: 'price.remove', target: id, before, after: null },
        })
        return true
      }),

    holidays: (after, to, limit) =>
      db.query<HolidayView>(
        `SELECT DATE_FORMAT(day, '%Y-%m-%d') AS day, name FROM price_holidays
         WHERE price_holidays.day > ? AND price_holidays.day <= ?
         ORDER BY price_holidays.day LIMIT ?`,
        [after, to, limit],
      ),

    putHoliday: ({ day, name }, origin, now) =>
      transaction(async (tx) => {
        if (day < beijingDay(now.getTime())) throw new Failure('price_in_force')
        const before = await lockHoliday(tx, day)
        await tx.execute(
          `INSERT INTO price_holidays (day, name) VALUES (?, ?) AS new
           ON DUPLICATE KEY UPDATE name = new.name`,
          [day, name],
        )
        const record = { target: day, before: before ?? null, after: { day, name } }
        await recordChange(tx, { origin, action: 'holiday.put', ...record })
      }),

    removeHoliday: (day, origin, now) =>
      transaction(async (tx) => {
        const before = await lockHoliday(tx, day)
        if (before === undefined) return false
        if (day <= beijingDay(now.getTime() + PRICES_KEPT_MS)) throw new Failure('price_in_force')
        await tx.execute('DELETE FROM price_holidays WHERE day = ?', [day])
        await recordChange(tx, {
          ...{ origin, action: 'holiday.remove', target: day, before, after: null },
        })
        return true
      }),
  }
}

/** Lets one transaction at a time add prices, by a lock on the first of all. */
async function takeTurn(tx: Queries): Promise<void> {
  await tx.query('SELECT 1 FROM model_prices ORDER BY id LIMIT 1 FOR UPDATE')
}

async function lockHoliday(tx: Queries, day: string): Promise<HolidayView | undefined> {
  const [row] = await tx.query<HolidayView>(
    `SELECT DATE_FORMAT(day, '%Y-%m-%d') AS day, name FROM price_holidays
     WHERE price_holidays.day = ? FOR UPDATE`,
    [day],
  )
  return row
}

/** MySQL writes all four decimals. */
function shortest(amount: string): string {
  return formatDecimal(parseDecimal(amount, PRICE_SCALE), PRICE_SCALE)
}

function taken(error: unknown): never {
  throw isDuplicate(error) ? new Failure('conflict') : error
}
