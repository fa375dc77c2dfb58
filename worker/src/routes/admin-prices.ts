/** /admin/api/prices and /admin/api/holidays: what calls cost, now and from later times on. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Admin from '#contract/admin.ts'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { wrongField } from './wrong-field.ts'

/** As many digits as DECIMAL(14,4) holds; more decimals would not give exact costs. */
const Amount = z.string().regex(/^\d{1,10}(\.\d{1,4})?$/)
const Model = z.string().regex(/^[\x21-\x7e]{1,100}$/)
const Standing = z.enum(['past', 'current', 'future'])
const Day = z.iso.date()

/** Beyond this DATETIME ends. */
const LAST_INSTANT = Date.parse('9999-01-01T00:00:00Z')

const Tier = z.strictObject({
  hit: Amount.meta({ description: "Prompt tokens found in the provider's cache." }),
  miss: Amount.meta({ description: 'Other prompt tokens.' }),
  output: Amount,
})

const NewPrices = z.strictObject({
  model: Model,
  currency: z.enum(['CNY', 'USD']).default('CNY'),
  valid_from: z.iso
    .datetime({ offset: true })
    .exactOptional()
    .meta({ description: 'Not in the past. Default: now.' }),
  peak: Tier,
  off_peak: Tier,
})

const PriceView = z
  .strictObject({
    id: idParam,
    model: z.string(),
    currency: z.string(),
    valid_from: z.iso.datetime(),
    tier: z.enum(['peak', 'off_peak']),
    hit: z.string(),
    miss: z.string(),
    output: z.string(),
    standing: Standing.meta({
      description: '`current` charges calls that begin now; `past` did, `future` will.',
    }),
  })
  .meta({ id: 'Price' }) satisfies z.ZodType<Admin.PriceView>

const listPrices = operation({
  id: 'listPrices',
  method: 'get',
  path: '/admin/api/prices',
  tag: 'Administration',
  summary: 'Lists prices per 1,000,000 tokens, those added last first.',
  access: 'admin',
  query: z.strictObject({
    limit: limitParam,
    cursor: cursorParam,
    model: Model.optional(),
    standing: Standing.optional(),
  }),
  answers: {
    200: {
      description: 'A page of prices.',
      schema: z.strictObject({ items: z.array(PriceView), next: z.string().nullable() }),
    },
  },
})

const addPrices = operation({
  id: 'addPrices',
  method: 'post',
  path: '/admin/api/prices',
  tag: 'Administration',
  summary: 'Adds what a model costs from an instant on, in both tiers.',
  description: 'Workers know of it within a minute.',
  access: 'admin',
  body: NewPrices,
  answers: {
    201: { description: 'What was added.', schema: z.strictObject({ prices: z.array(PriceView) }) },
  },
  problems: ['conflict'],
})

const removePrice = operation({
  id: 'removePrice',
  method: 'delete',
  path: '/admin/api/prices/{id}',
  tag: 'Administration',
  summary: 'Removes a price that is not in force yet, nor will be within a minute.',
  access: 'admin',
  params: z.strictObject({ id: idParam }),
  answers: { 204: { description: 'It is removed.' } },
  problems: ['price_in_force'],
})

const HolidayView = z
  .strictObject({ day: Day, name: z.string() })
  .meta({ id: 'Holiday' }) satisfies z.ZodType<Admin.HolidayView>

const listHolidays = operation({
  id: 'listHolidays',
  method: 'get',
  path: '/admin/api/holidays',
  tag: 'Administration',
  summary: 'Lists days that are off-peak all day, by Beijing dates.',
  access: 'admin',
  query: z.strictObject({
    limit: limitParam,
    cursor: cursorParam,
    year: z
      .string()
      .regex(/^[1-9]\d{3}$/)
      .optional(),
  }),
  answers: {
    200: {
      description: 'A page of days.',
      schema: z.strictObject({ items: z.array(HolidayView), next: z.string().nullable() }),
    },
  },
})

const HolidayDay = z.strictObject({ day: Day })

const putHoliday = operation({
  id: 'putHoliday',
  method: 'put',
  path: '/admin/api/holidays/{day}',
  tag: 'Administration',
  summary: 'Adds a day that is off-peak all day, or names it anew; not one that is over.',
  description: 'Workers know of it within a minute.',
  access: 'admin',
  params: HolidayDay,
  body: z.strictObject({ name: z.string().trim().max(100) }),
  answers: { 200: { description: 'The day.', schema: HolidayView } },
  problems: ['price_in_force'],
})

const removeHoliday = operation({
  id: 'removeHoliday',
  method: 'delete',
  path: '/admin/api/holidays/{day}',
  tag: 'Administration',
  summary: 'Makes a day that has not begun an ordinary one.',
  access: 'admin',
  params: HolidayDay,
  answers: { 204: { description: 'It is none any more.' } },
  problems: ['price_in_force'],
})

export const ADMIN_PRICE_OPERATIONS: readonly OperationSpec[] = [
  ...[listPrices, addPrices, removePrice],
  ...[listHolidays, putHoliday, removeHoliday],
]

export function adminPriceRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { priceList, log } = deps
  const prices = createCursors(deps.env.workerSecret, 'prices')
  const holidays = createCursors(deps.env.workerSecret, 'holidays')
  const now = () => new Date(deps.now())

  serve(app, listPrices, async (c, { query }) => {
    const { limit, cursor, model, standing } = query
    const [before] = readCursor(prices, cursor) ?? []
    const found = await priceList.list({ model, standing, before, limit: limit + 1 }, now())
    return c.json(
      toPage(
        found,
        limit,
        (price) => price,
        (price: Admin.PriceView) => prices.encode([price.id]),
      ),
    )
  })

  serve(app, addPrices, async (c, { body, who: { uid } }) => {
    const { model, currency, valid_from, peak, off_peak } = body
    const validFrom = valid_from === undefined ? now() : new Date(valid_from)
    if (validFrom < now()) throw wrongField(c, 'valid_from', PAST)
    if (validFrom.getTime() >= LAST_INSTANT) throw wrongField(c, 'valid_from', NEVER)
    if ((await priceList.aliased(model)) !== undefined) throw wrongField(c, 'model', ALIAS)
    const origin = await auditOrigin(deps, c)
    const tiers = { peak, off_peak }
    const added = await priceList.add({ model, currency, validFrom, tiers }, origin, now())
    log.info({ requestId: c.var.requestId, uid, model, validFrom }, 'prices added')
    return c.json({ prices: added }, 201)
  })

  serve(app, removePrice, async (c, { params: { id }, who: { uid } }) => {
    const isRemoved = await priceList.remove(id, await auditOrigin(deps, c), now())
    if (!isRemoved) throw new Failure('not_found')
    log.info({ requestId: c.var.requestId, uid, price: id }, 'price removed')
    return c.body(null, 204)
  })

  serve(app, listHolidays, async (c, { query: { limit, cursor, year } }) => {
    const [from, to] = year === undefined ? ['1000-01-01', '9999-12-31'] : yearOf(year)
    const [after = from] = readCursor(holidays, cursor) ?? []
    const found = await priceList.holidays(after, to, limit + 1)
    return c.json(
      toPage(
        found,
        limit,
        (day) => day,
        ({ day }: Admin.HolidayView) => holidays.encode([day]),
      ),
    )
  })

  serve(app, putHoliday, async (c, { params: { day }, body: { name }, who: { uid } }) => {
    await priceList.putHoliday({ day, name }, await auditOrigin(deps, c), now())
    log.info({ requestId: c.var.requestId, uid, day }, 'holiday stored')
    return c.json({ day, name })
  })

  serve(app, removeHoliday, async (c, { params: { day }, who: { uid } }) => {
    const isRemoved = await priceList.removeHoliday(day, await auditOrigin(deps, c), now())
    if (!isRemoved) throw new Failure('not_found')
    log.info({ requestId: c.var.requestId, uid, day }, 'holiday removed')
    return c.body(null, 204)
  })

  return app
}

/** Returns the day before the year's first, and its last. */
function yearOf(year: string): readonly [string, string] {
  return [`${Number(year) - 1}-12-31`, `${year}-12-31`]
}

const PAST = {
  en: 'Calls were charged otherwise then: give an instant to come, or leave it out for now.',
  'zh-CN': '过去的调用已按当时的价格计费：请填写将来的时间，或留空表示立即生效。',
}
const NEVER = { en: 'This is too far away.', 'zh-CN': '时间过远。' }
const ALIAS = {
  en: 'This is another name of a model, which costs what the model costs.',
  'zh-CN': '这是某个模型的别名，按该模型计费。',
}
