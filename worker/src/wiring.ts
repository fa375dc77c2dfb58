/** Puts the parts together: the one place that knows which implementation stands behind which. */

import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { createAccountSide } from './account-side.ts'
import type { Deps } from './deps.ts'
import { createPasswordHasher } from './domain/password.ts'
import type { WorkerEnv } from './env.ts'
import { createModelSide } from './model-side.ts'
import { createDatabase } from './stores/mysql.ts'
import { createProxyLogs } from './stores/proxy-logs.ts'
import { createRedis } from './stores/redis.ts'
import { createUsageReports } from './stores/usage-reports.ts'

const MAX_WORKER_ID = 64

/** Returns the parts; MySQL and Redis connect in the background. */
export async function createDeps(
  env: WorkerEnv,
  log: Logger,
  isDraining: () => boolean,
): Promise<Deps> {
  const db = createDatabase(env.mysql)
  const redis = createRedis(env.redisUrl, log)
  const now = Date.now
  const workerId = workerIdOf(env.listen)
  return {
    env,
    log,
    db,
    redis,
    workerId,
    now,
    isDraining,

    argon: await createPasswordHasher(),

    usageReports: createUsageReports(db),
    proxyLogs: createProxyLogs(db),

    ...createAccountSide({ env, log, db, redis, now }),
    ...createModelSide({ env, log, db, redis, workerId, now }),
  }
}

/** Two copies on one machine listen at different places. */
function workerIdOf(listen: WorkerEnv['listen']): string {
  const place = 'path' in listen ? listen.path : String(listen.port)
  return `${hostname()}:${place}`.slice(-MAX_WORKER_ID)
}
