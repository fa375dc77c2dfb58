/** Everything the routes work with, made once in main.ts and replaced by fakes in tests. */

import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { AccountSide } from './account-side.ts'
import type { Chore } from './chore.ts'
import type { PasswordHasher } from './domain/password.ts'
import type { WorkerEnv } from './env.ts'
import type { ModelSide } from './model-side.ts'
import type { Audit } from './stores/audit.ts'
import type { Conversations } from './stores/conversation-list.ts'
import type { ConversationMessages } from './stores/conversation-messages.ts'
import type { ConversationTexts } from './stores/conversation-texts.ts'
import type { Database } from './stores/mysql.ts'
import type { Names } from './stores/names.ts'
import type { PriceList } from './stores/price-list.ts'
import type { Profiles } from './stores/profiles.ts'
import type { ProxyLogList } from './stores/proxy-log-list.ts'
import type { ProxyLogs } from './stores/proxy-logs.ts'
import type { RunningCalls } from './stores/running-calls.ts'
import type { UsageRecords } from './stores/usage-records.ts'
import type { UsageStatistics } from './stores/usage-statistics.ts'
import type { UsageSums } from './stores/usage-sums.ts'

export interface Deps extends AccountSide, ModelSide {
  readonly env: WorkerEnv
  readonly log: Logger
  readonly db: Database
  readonly redis: Redis
  /** A connection to Redis that only listens. */
  readonly subscriber: Redis
  /** Name of this worker among its copies, the same after a restart; at most 64 characters. */
  readonly workerId: string
  /** Unix milliseconds. */
  readonly now: () => number
  /** True from the stop signal on: running requests finish, new ones go to another worker. */
  readonly isDraining: () => boolean

  readonly argon: PasswordHasher

  // Reading and keeping of conversations
  readonly conversations: Conversations
  readonly conversationMessages: ConversationMessages
  readonly conversationTexts: ConversationTexts
  /** Removes what is left of deleted ones. Both are to be stopped before the database is closed. */
  readonly conversationPurge: Chore
  /** Lets search know the messages of turns that have ended. */
  readonly conversationIndexing: Chore

  // What administrators look after
  readonly priceList: PriceList
  readonly runningCalls: RunningCalls

  // Reading of usage, logs and changes
  readonly audit: Audit
  readonly usageSums: UsageSums
  readonly usageRecords: UsageRecords
  readonly usageStatistics: UsageStatistics
  /** Derives sums of long ranges; to be stopped before the database is closed. */
  readonly usageSealing: Chore
  readonly proxyLogs: ProxyLogs
  readonly proxyLogList: ProxyLogList
  readonly names: Names
  readonly profiles: Profiles
}
