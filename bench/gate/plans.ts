/** The settings under which the gate is measured, as an operator would write them. */

import { join } from 'node:path'
import { makePlan, type Plan } from '../../scripts/stack/plan.ts'
import { testEnvironment } from '../../tests/support/own-stack.ts'

/** So high that everybody is admitted. */
const CHAT_POLICY = '"chat";q=2000;w=1'
const STREAMS = '2000'

/** What POST /api/chat counts, as nginx puts it together (nginx/conf.d/limits.conf). */
export const CHAT_POLICIES = `${CHAT_POLICY}, "streams";q=${STREAMS};qu="concurrent-requests"`

/** Used up by one request for the whole benchmark. */
const API_POLICY = '"api";q=1;w=86400'

const SETTINGS: Readonly<Record<string, string>> = {
  GATE_FLOOD: 'off',
  GATE_LIMIT_CHAT: CHAT_POLICY,
  GATE_LIMIT_STREAMS: STREAMS,
  GATE_LIMIT_API: API_POLICY,
  GATE_COOKIE: '__Host-sid',
}

/** Several nginx of one installation. */
export interface Plans {
  /** Owns Redis; writes no access records. */
  readonly quiet: Plan
  /** Writes access records. */
  readonly logged: Plan
  /** As in production, TLS included; believes the addresses that the load claims to come from. */
  readonly real: Plan
}

/** Returns the plans, with folders and secrets made; all share the secrets and Redis of the first. */
export async function makePlans(folder: string): Promise<Plans> {
  const quiet = await plan(join(folder, 'quiet'))
  const shared = {
    REDIS_URL: quiet.worker.redisUrl,
    GATE_SESSION_SECRET: quiet.gate.sessionSecrets,
    GATE_WORKER_SECRET: quiet.gate.workerSecret,
  }
  const logged = await plan(join(folder, 'logged'), shared)
  const proxies = { GATE_TRUSTED_PROXIES: '127.0.0.1' }
  const real = await plan(join(folder, 'real'), { ...shared, ...proxies })
  return { quiet, logged, real }
}

async function plan(data: string, more: Readonly<Record<string, string>> = {}): Promise<Plan> {
  return makePlan(await testEnvironment(data, { ...SETTINGS, ...more }))
}
