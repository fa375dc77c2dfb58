/** A running worker, from the first connection to the last. */

import { join } from 'node:path'
import type { Logger } from 'pino'
import { createApp } from './app.ts'
import type { Deps } from './deps.ts'
import type { WorkerEnv } from './env.ts'
import { listen } from './listen.ts'
import { startLogConsumer } from './log-consumer.ts'
import { startRevocationKeeper } from './revocation-keeper.ts'
import { seedAdmin } from './seed-admin.ts'
import { createStateLog } from './state-log.ts'
import { migrate } from './stores/migrate.ts'
import { maintainPartitions } from './stores/proxy-log-partitions.ts'
import { createLogReader, createLogStream } from './stores/proxy-log-stream.ts'
import { watchConnection } from './stores/redis.ts'
import { waitFor } from './wait-for.ts'
import { createDeps } from './wiring.ts'

/** The same from worker/src and from the bundle in worker/dist. */
const MIGRATIONS = join(import.meta.dirname, '../../mysql/migrations')

/** How long the services that start beside the worker may take. */
const DEPENDENCY_LIMIT_MS = 30_000
/** How long running requests may take after the stop signal. */
const GRACE_MS = 10_000
/** How long the results of answers cut by the stop may take to be stored and told. */
const FLUSH_MS = 3000
/** Daily would do; a try that failed is soon made good. */
const MAINTENANCE_EVERY_MS = 3_600_000

export interface Worker {
  /** Finishes what runs and closes everything; resolves within the grace and a few seconds. */
  stop(): Promise<void>
}

/** Resolves when requests are served. @throws what kept it from starting */
export async function startWorker(env: WorkerEnv, log: Logger): Promise<Worker> {
  let draining = false
  const deps = await createDeps(env, log, () => draining)
  await prepare(deps)

  const maintenance = startMaintenance(deps)
  const consumer = await startConsumer(deps)
  const keeper = startRevocationKeeper({
    ...deps,
    sessionAbsoluteMs: env.sessionAbsoluteMs,
  })
  const listener = await listen(createApp(deps), env.listen)
  log.info({ listen: env.listen, workerId: deps.workerId }, 'worker is ready')

  return {
    async stop() {
      draining = true
      log.info('worker is stopping')
      await Promise.all([
        deps.generations.shutdown(GRACE_MS, FLUSH_MS),
        listener.stop(GRACE_MS + FLUSH_MS),
      ])
      deps.upstream.close()
      clearInterval(maintenance)
      await Promise.all([consumer.stop(), keeper.stop()])
      deps.redis.disconnect()
      await deps.db.close()
      log.info('worker has stopped')
    },
  }
}

/** Brings database and accounts into the state that the routes rely on. */
async function prepare({ env, log, db, redis, users, argon, keys, now }: Deps): Promise<void> {
  await waitFor('mysql', () => db.query('SELECT 1'), DEPENDENCY_LIMIT_MS, log)
  await waitFor('redis', () => redis.ping(), DEPENDENCY_LIMIT_MS, log)
  await migrate(env.mysql, env.migrationsDir ?? MIGRATIONS, log)
  await seedAdmin(users, argon, env.admin, log)
  await maintainPartitions(db, now())
  await keys.prepare()
}

function startMaintenance({ db, log, now }: Deps): NodeJS.Timeout {
  const state = createStateLog(log, 'proxy log partitions')
  return setInterval(() => {
    maintainPartitions(db, now()).then(state.up, state.down)
  }, MAINTENANCE_EVERY_MS)
}

async function startConsumer({ redis, proxyLogs, log, now, workerId }: Deps) {
  const reader = createLogReader(redis)
  watchConnection(reader, log, 'redis for proxy logs')
  await waitFor('redis', () => reader.ping(), DEPENDENCY_LIMIT_MS, log)
  const stream = createLogStream(redis, reader, workerId)
  return startLogConsumer({ stream, proxyLogs, log, now })
}
