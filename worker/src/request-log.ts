/** One line in the log per request: no body, no cookie, no query. */

import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { AppEnv } from './context.ts'

/** Asked every few seconds by whoever watches the worker, so not worth a line each. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** `ms` is the time until the answer's headers; a stream goes on after that. */
export function requestLog(log: Logger): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const start = performance.now()
    await next()
    const line = {
      requestId: c.var.requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Math.round(performance.now() - start),
      uid: c.var.identity?.uid ?? c.var.program?.uid,
    }
    log[PROBES.has(line.path) ? 'debug' : 'info'](line, 'request')
  }
}
