/** Puts the parts together: the one place that knows which implementation stands behind which. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { createAccountSide } from './account-side.ts'
import { createChore } from './chore.ts'
import type { Deps } from './deps.ts'
import { createPasswordHasher } from './domain/password.ts'
import type { WorkerEnv } from './env.ts'
import { createModelSide } from './model-side.ts'
import { createAudit } from './stores/audit.ts'
import { createConversations } from './stores/conversation-list.ts'
import { createConversationMessages } from './stores/conversation-messages.ts'
import { createConversationRemains } from './stores/conversation-remains.ts'
import { createConversationTexts } from './stores/conversation-texts.ts'
import { createDatabase } from './stores/mysql.ts'
import { createNames } from './stores/names.ts'
import { createPriceList } from './stores/price-list.ts'
import { createProfiles } from './stores/profiles.ts'
import { createProxyLogList } from './stores/proxy-log-list.ts'
import { createProxyLogs } from './stores/proxy-logs.ts'
import { createRedis } from './stores/redis.ts'
import { createRunningCalls } from './stores/running-calls.ts'
import { createUsageRecords } from './stores/usage-records.ts'
import { createUsageSeal } from './stores/usage-seal.ts'
import { createUsageStatistics } from './stores/usage-statistics.ts'
import { createUsageSums } from './stores/usage-sums.ts'

const MAX_WORKER_ID = 64

/** Returns the parts; MySQL and Redis connect in the background. */
export async function createDeps(
  env: WorkerEnv,
  log: Logger,
  isDraining: () => boolean,
): Promise<Deps> {
  const db = createDatabase(env.mysql)
  const redis = createRedis(env.redisUrl, log)
  const subscriber = createRedis(env.redisUrl, log, 'redis for news of workers')
  const now = Date.now
  const workerId = workerIdOf(env.listen)
  const texts = createConversationTexts(db)
  return {
    env,
    log,
    db,
    redis,
    subscriber,
    workerId,
    now,
    isDraining,

    argon: await createPasswordHasher(),

    conversations: createConversations(db),
    conversationMessages: createConversationMessages(db),
    conversationTexts: texts,
    conversationPurge: createChore(
      'removal of deleted conversations',
      createConversationRemains(db).removeSome,
      log,
    ),
    conversationIndexing: createChore('texts of conversations', texts.addSome, log),

    priceList: createPriceList(db),
    runningCalls: createRunningCalls(db),

    audit: createAudit(db),
    usageSums: createUsageSums(db),
    usageRecords: createUsageRecords(db),
    usageStatistics: createUsageStatistics(db),
    usageSealing: createChore('sums of long ranges', createUsageSeal(db).advance, log),
    proxyLogs: createProxyLogs(db),
    proxyLogList: createProxyLogList(db),
    names: createNames(db),
    profiles: createProfiles(db),

    ...createAccountSide({ env, log, db, redis, now }),
    ...createModelSide({
      ...{ env, log, db, redis, subscriber, now },
      lifeId: lifeIdOf(workerId),
    }),
  }
}

/** Two copies on one machine listen at different places. */
function workerIdOf(listen: WorkerEnv['listen']): string {
  const place = 'path' in listen ? listen.path : String(listen.port)
  return `${hostname()}:${place}`.slice(-MAX_WORKER_ID)
}

/** A worker that is started again under its name is another one: calls of its earlier life are lost. */
function lifeIdOf(workerId: string): string {
  const life = `#${randomBytes(4).toString('hex')}`
  return workerId.slice(-(MAX_WORKER_ID - life.length)) + life
}
