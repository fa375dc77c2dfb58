/** Query parameters by which usage is asked for. */

import { z } from 'zod'
import { CSV_DESCRIPTION } from './csv-answer.ts'
import { idParam } from './ids.ts'
import { cursorParam, limitParam } from './paging.ts'
import { formatParam, orderParam, WINDOW_DESCRIPTION } from './place-page.ts'
import { rangeParams, timeParam } from './time-range.ts'
import { ENDINGS } from './usage-schemas.ts'

export const seriesParams = {
  ...rangeParams,
  by: z.enum(['hour', 'day']).optional().meta({
    description: 'Hours or days of your own zone. Default: hours of up to two days, else days.',
  }),
}

export const SERIES_DESCRIPTION = `The range is widened to whole hours or days of your own zone, which may have 23 or 25 hours; at most 745
hours or 366 days. Without one it is the last 30 days.`

export const recordParams = {
  limit: limitParam,
  cursor: cursorParam,
  order: orderParam,
  format: formatParam,
  from: timeParam,
  to: timeParam.meta({ description: 'The first that is left out; as `from`.' }),
  model: z.string().min(1).max(100).optional().meta({ description: 'The one that answered.' }),
  ending: z.enum(ENDINGS).optional(),
  token: idParam.optional().meta({ description: 'Id of the access token that made it.' }),
}

export const RECORDS_DESCRIPTION = `${WINDOW_DESCRIPTION}\n\n${CSV_DESCRIPTION} Times are told in your own zone and in UTC.`
