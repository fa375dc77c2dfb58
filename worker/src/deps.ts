/** Everything the routes work with, made once in main.ts and replaced by fakes in tests. */

import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { PasswordHasher } from './domain/password.ts'
import type { WorkerEnv } from './env.ts'
import type { ModelSide } from './model-side.ts'
import type { Database } from './stores/mysql.ts'
import type { ProxyLogs } from './stores/proxy-logs.ts'
import type { Sessions } from './stores/sessions.ts'
import type { UsageReports } from './stores/usage-reports.ts'
import type { Users } from './stores/users.ts'

export interface Deps extends ModelSide {
  readonly env: WorkerEnv
  readonly log: Logger
  readonly db: Database
  readonly redis: Redis
  /** Name of this worker among its copies, the same after a restart; at most 64 characters. */
  readonly workerId: string
  /** Unix milliseconds. */
  readonly now: () => number
  /** True from the stop signal on: running requests finish, new ones go to another worker. */
  readonly isDraining: () => boolean

  // Accounts and sessions
  readonly argon: PasswordHasher
  readonly users: Users
  readonly sessions: Sessions

  // Reading of usage and logs
  readonly usageReports: UsageReports
  readonly proxyLogs: ProxyLogs
}
