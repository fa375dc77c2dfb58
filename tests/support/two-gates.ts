/** Two copies of Chatgate that share Redis, MySQL and secrets, as two machines behind one name would. */

import { randomBytes } from 'node:crypto'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createStandin } from '../standin/server.ts'
import { Client } from './client.ts'
import { type OutsideServer, outsideMysql, outsideRedis } from './outside-server.ts'
import { type OwnStack, startOwnStack } from './own-stack.ts'
import { makePatient } from './patient-gate.ts'

export interface TwoGates {
  readonly plans: readonly [Plan, Plan]
  /** Returns a client of the second gate with the cookies that it has now at the first. */
  elsewhere(client: Client): Client
  stop(): Promise<void>
}

/** Starts both, with all the time for Redis; `settings` are an operator's, the same for both. */
export async function startTwoGates(
  settings: Readonly<Record<string, string>> = {},
): Promise<TwoGates> {
  const servers: OutsideServer[] = []
  const stacks: OwnStack[] = []
  const model = createStandin()
  const stop = async () => {
    for (const stack of stacks) await stack.stop()
    for (const server of servers) await server.remove()
    await model.close()
  }
  try {
    servers.push(await outsideRedis(), await outsideMysql())
    const shared = Object.assign(
      sharedSecrets(),
      {
        DEEPSEEK_API_KEY: 'sk-test-of-both',
        DEEPSEEK_BASE_URL: `http://127.0.0.1:${await model.listen(0)}`,
      },
      ...servers.map((server) => server.settings),
    )
    for (let copy = 0; copy < 2; copy++) {
      const stack = await startOwnStack({ ...settings, ...shared })
      stacks.push(stack)
      await makePatient(stack.plan)
    }
  } catch (error) {
    await stop()
    throw error
  }
  const [first, second] = stacks
  if (first === undefined || second === undefined) throw new Error('there are two')
  return {
    plans: [first.plan, second.plan],
    elsewhere(client) {
      const other = new Client(second.plan)
      for (const [name, value] of client.cookies) other.cookies.set(name, value)
      return other
    },
    stop,
  }
}

function sharedSecrets(): Record<string, string> {
  const secret = () => randomBytes(32).toString('base64url')
  return {
    // Otherwise the port would be part of it.
    GATE_COOKIE: '__Host-sid',
    GATE_SESSION_SECRET: secret(),
    GATE_TOKEN_SECRET: secret(),
    GATE_WORKER_SECRET: secret(),
    GATE_ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  }
}
