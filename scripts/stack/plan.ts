/** What a stack is made of, worked out from the settings before anything runs. */

import { readWorkerEnv, type WorkerEnv } from '../../worker/src/env.ts'
import { type Layout, makeLayout } from './layout.ts'
import { redisUrl } from './redis.ts'
import { loadSecrets, type StackSecrets } from './secrets.ts'
import {
  checkSettings,
  fallbacks,
  isGiven,
  type Source,
  settingsFailure,
  textOf,
  workerSource,
} from './setting-source.ts'
import { readText, type StackSettings } from './settings.ts'

export interface Plan {
  readonly settings: StackSettings
  readonly layout: Layout
  readonly secrets: StackSecrets
  /** What nginx has to know of them; those that sign may be two, separated by a comma. */
  readonly gate: {
    readonly sessionSecrets: string
    readonly tokenSecrets: string
    readonly workerSecret: string
  }
  readonly worker: WorkerEnv
  /** The worker's settings as its process gets them. */
  readonly workerSource: Readonly<Record<string, string>>
  /** False where the operator named a server of their own. */
  readonly ownMysql: boolean
  readonly ownRedis: boolean
  readonly usesStandin: boolean
  readonly url: string
}

/**
 * Returns the plan for an environment, with its folders and secrets made.
 * @throws {StartFailure} with every problem of every setting at once
 */
export async function makePlan(source: Source): Promise<Plan> {
  const settings = checkSettings(source)
  const layout = makeLayout(settings.data)
  const secrets = await loadSecrets(layout.secrets)
  const ownMysql = !isGiven(source, 'MYSQL_HOST')
  const ownRedis = !isGiven(source, 'REDIS_URL')
  const usesStandin = !isGiven(source, 'DEEPSEEK_API_KEY')
  const merged: Source = {
    ...fallbacks(source, {
      GATE_SESSION_SECRET: secrets.session,
      GATE_TOKEN_SECRET: secrets.token,
      GATE_WORKER_SECRET: secrets.worker,
      GATE_ENCRYPTION_KEYS: secrets.encryptionKeys,
      MYSQL_HOST: layout.sockets.mysql,
      REDIS_URL: redisUrl(layout, secrets),
    }),
    WORKER_LISTEN: layout.sockets.worker,
    WORKER_SPOOL: layout.spool,
    GATE_COOKIE: settings.cookieName,
    CHATGATE_STANDIN_URL: usesStandin ? `http://127.0.0.1:${settings.standinPort}` : undefined,
  }
  const worker = readWorkerEnv(merged, readText)
  if ('problems' in worker) throw settingsFailure(worker.problems)
  return {
    settings,
    layout,
    secrets,
    gate: {
      sessionSecrets: textOf(merged, 'GATE_SESSION_SECRET'),
      tokenSecrets: textOf(merged, 'GATE_TOKEN_SECRET'),
      workerSecret: worker.env.workerSecret,
    },
    worker: worker.env,
    workerSource: workerSource(merged),
    ownMysql,
    ownRedis,
    usesStandin,
    url: `https://localhost${settings.httpsPort === 443 ? '' : `:${settings.httpsPort}`}/`,
  }
}
