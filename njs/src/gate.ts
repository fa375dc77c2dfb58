/** The http entry: the handlers that nginx.conf names as `gate.<name>`. */

import { errorPage } from './handlers/error-page.ts'
import { api, logout, open, page, token } from './handlers/guards.ts'
import { flushLog, logRecord } from './handlers/log.ts'
import { metrics } from './handlers/metrics.ts'
import { watchRedis } from './handlers/redis-watch.ts'
import { obeyRevocation } from './handlers/revocation.ts'

export default {
  api,
  errorPage,
  flushLog,
  logRecord,
  logout,
  metrics,
  obeyRevocation,
  open,
  page,
  token,
  watchRedis,
}
