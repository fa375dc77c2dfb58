/** A whole stack with free ports and a data folder of its own, as npm start would bring it up. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makePlan, type Plan } from '../../scripts/stack/plan.ts'
import { startStack } from '../../scripts/stack/start-stack.ts'
import type { Supervisor } from '../../scripts/stack/supervisor.ts'
import { freePorts } from './free-ports.ts'

export interface OwnStack {
  readonly plan: Plan
  readonly supervisor: Supervisor
  /** Stops everything and removes the data folder. */
  stop(): Promise<void>
}

/** Only these of the caller's environment may change what is tested. */
const KEPT = ['CHATGATE_CACHE', 'CHATGATE_SUITE', 'XDG_CACHE_HOME', 'HOME', 'PATH', 'TMPDIR']

/** For stacks on which many tests sign in from one address; the limit itself is tested elsewhere. */
export const ROOMY: Readonly<Record<string, string>> = {
  GATE_LIMIT_LOGIN: '"login";q=1000;w=60',
}

/** Starts a stack; `overrides` are settings as an operator would write them. */
export async function startOwnStack(
  overrides: Readonly<Record<string, string>> = {},
): Promise<OwnStack> {
  const data = await mkdtemp(join(tmpdir(), 'chatgate-test-'))
  const plan = await makePlan(await testEnvironment(data, overrides))
  const supervisor = await startStack(plan, () => undefined, new AbortController().signal)
  return {
    plan,
    supervisor,
    async stop() {
      await supervisor.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** Returns the environment of a stack in `data` with ports that are free. */
export async function testEnvironment(
  data: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const [https, http, metrics, standin] = await freePorts(4)
  const kept = KEPT.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return {
    ...Object.fromEntries(kept),
    CHATGATE_DATA: data,
    CHATGATE_HTTPS_PORT: String(https),
    CHATGATE_HTTP_PORT: String(http),
    CHATGATE_METRICS_PORT: String(metrics),
    CHATGATE_STANDIN_PORT: String(standin),
    CHATGATE_DOMAIN: 'chat.example',
    ...overrides,
  }
}
