/** GET /healthz and /readyz, for whoever starts and watches the worker. */

import { Hono } from 'hono'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'

const PING_TIMEOUT_MS = 500

export function healthRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  /** A start waits for Redis; a later outage is no reason to send everybody away. */
  let hasMetRedis = false

  /** The process runs and answers; nothing else is asked, so a lost database restarts nobody. */
  app.get('/healthz', (c) => c.json({ status: 'ok' }))

  /**
   * Whether requests can be served: 200, or 503 with the part that is missing. Without Redis they can,
   * though not all of them: the gate lets known sessions through, and running answers go on.
   */
  app.get('/readyz', async (c) => {
    const [mysql, redis] = await Promise.all([
      isUp(deps.db.query('SELECT 1', [], { timeoutMs: PING_TIMEOUT_MS })),
      // The client's own command timeout is as short.
      isUp(deps.redis.ping()),
    ])
    if (redis) hasMetRedis = true
    const draining = deps.isDraining()
    const ready = mysql && hasMetRedis && !draining
    const status = ready ? (redis ? 'ready' : 'degraded') : 'not_ready'
    const state = (up: boolean) => (up ? 'up' : 'down')
    return c.json({ status, mysql: state(mysql), redis: state(redis), draining }, ready ? 200 : 503)
  })

  return app
}

async function isUp(ping: Promise<unknown>): Promise<boolean> {
  return await ping.then(
    () => true,
    () => false,
  )
}
