/** The http entry: the handlers that nginx.conf names as `gate.<name>`. */

import { errorPage } from './handlers/error-page.ts'
import { api, logout, open, page } from './handlers/guards.ts'
import { flushLog, logRecord } from './handlers/log.ts'
import { obeyRevocation } from './handlers/revocation.ts'

export default { api, errorPage, flushLog, logRecord, logout, obeyRevocation, open, page }
