/** A running worker, from the first connection to the last. */

import { join } from 'node:path'
import type { Logger } from 'pino'
import { createApp } from './app.ts'
import type { Deps } from './deps.ts'
import type { WorkerEnv } from './env.ts'
import { startHeartbeat } from './heartbeat.ts'
import { listen } from './listen.ts'
import { startLogConsumer } from './log-consumer.ts'
import { startRevocationKeeper } from './revocation-keeper.ts'
import { seedAdmin } from './seed-admin.ts'
import { startSettlementLoop } from './settlement-loop.ts'
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
/** How long the results of answers cut by the stop may take to be stored and told. */
const FLUSH_MS = 3000
/** What another worker left of deleted conversations is not in a hurry. */
const PURGE_EVERY_MS = 60_000
/** Nobody searches for what was answered a moment ago. */
const INDEX_EVERY_MS = 1000
/** Until then the last hours are read as they are. */
const SEAL_EVERY_MS = 60_000
/** Daily would do; a try that failed is soon made good. */
const MAINTENANCE_EVERY_MS = 3_600_000
/** How often to look for keys whose balance is to be asked for again; each is asked every ten minutes. */
const BALANCE_TICK_MS = 60_000

export interface Worker {
  /** Finishes what runs and closes everything; resolves within the grace and a few seconds. */
  stop(): Promise<void>
}

/** Resolves when requests are served. @throws what kept it from starting */
export async function startWorker(env: WorkerEnv, log: Logger): Promise<Worker> {
  const { graceMs } = env.limits
  let draining = false
  const deps = await createDeps(env, log, () => draining)
  await prepare(deps)

  const heartbeat = startHeartbeat(deps.settlement.workers, log)
  const settling = startSettlementLoop(deps.settlement.keeper, log)
  const maintenance = startMaintenance(deps)
  const chores = [
    setInterval(() => deps.conversationPurge.wake(), PURGE_EVERY_MS),
    setInterval(() => deps.conversationIndexing.wake(), INDEX_EVERY_MS),
    setInterval(() => deps.usageSealing.wake(), SEAL_EVERY_MS),
    setInterval(() => void deps.keyCheck.recheck(), BALANCE_TICK_MS),
  ]
  deps.usageSealing.wake()
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
      const closed = listener.stop(graceMs, graceMs + FLUSH_MS)
      await Promise.all([deps.running.shutdown(graceMs, FLUSH_MS, closed), closed])
      deps.upstream.close()
      clearInterval(maintenance)
      for (const chore of chores) clearInterval(chore)
      await Promise.all([
        consumer.stop(),
        keeper.stop(),
        settling.stop(),
        deps.conversationPurge.stop(),
        deps.conversationIndexing.stop(),
        deps.usageSealing.stop(),
      ])
      await heartbeat.stop()
      deps.redis.disconnect()
      deps.subscriber.disconnect()
      await Promise.all([deps.db.close(), deps.settlement.close()])
      log.info('worker has stopped')
    },
  }
}

/** Brings database and accounts into the state that the routes rely on. */
async function prepare(deps: Deps): Promise<void> {
  const { env, log, db, redis, users, argon, keys, settlement, now } = deps
  await waitFor('mysql', () => db.query('SELECT 1'), DEPENDENCY_LIMIT_MS, log)
  await waitFor('redis', () => redis.ping(), DEPENDENCY_LIMIT_MS, log)
  await migrate(env.mysql, env.migrationsDir ?? MIGRATIONS, log)
  await seedAdmin(users, argon, env.admin, log)
  await maintainPartitions(db, now())
  await keys.prepare()
  await settlement.prepare()
}

function startMaintenance({ db, settlement, log, now }: Deps): NodeJS.Timeout {
  const partitions = createStateLog(log, 'proxy log partitions')
  const sums = createStateLog(log, 'comparison of usage sums')
  const compare = () => settlement.nightly().then(sums.up, sums.down)
  // A worker that is started anew every day compares too.
  void compare()
  return setInterval(() => {
    maintainPartitions(db, now()).then(partitions.up, partitions.down)
    void compare()
  }, MAINTENANCE_EVERY_MS)
}

async function startConsumer({ redis, proxyLogs, log, now, workerId }: Deps) {
  const reader = createLogReader(redis)
  watchConnection(reader, log, 'redis for proxy logs')
  await waitFor('redis', () => reader.ping(), DEPENDENCY_LIMIT_MS, log)
  const stream = createLogStream(redis, reader, workerId)
  return startLogConsumer({ stream, proxyLogs, log, now })
}
