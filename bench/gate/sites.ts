/** The gate and its baselines, once without access records and once with. */

import { join } from 'node:path'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { freePorts } from '../../tests/support/free-ports.ts'
import type { Person } from '../support/people.ts'
import { ask } from './ask.ts'
import { BASELINES, baselineServers, type Ports } from './baselines.ts'
import { writeFloor } from './floor.ts'
import { type Gate, startGate } from './gate-nginx.ts'
import { posting, reading } from './load.ts'
import { writeLuaFiles } from './lua-files.ts'
import { CHAT_POLICIES } from './plans.ts'
import { type Refusal, refusalOf } from './refusal.ts'

const LUA_MODULES = ['ndk_http_module.so', 'ngx_http_lua_module.so']

/** An nginx with the gate and all baselines. */
export interface Site extends Gate {
  readonly ports: Ports
  readonly logs: boolean
}

/** What the gate answers when it refuses. */
export interface Refusals {
  readonly unauthenticated: Refusal
  readonly overLimit: Refusal
}

/** Returns what this gate answers to a forged cookie and to somebody who is over a limit. */
export async function learnRefusals(
  root: PrivateRoot,
  plan: Plan,
  forged: readonly string[],
  flooder: Person,
): Promise<Refusals> {
  const [port = 0] = await freePorts(1)
  const { program } = await startGate(root, plan, undefined, {
    port,
    logs: false,
    modules: [],
    servers: '',
  })
  try {
    const { cookieName } = plan.settings
    const plain = await ask(port, { method: 'GET', path: '/healthz', headers: [], body: undefined })
    const flood = posting(cookieName, [flooder], '/api/me')
    await ask(port, flood)
    return {
      unauthenticated: refusalOf(await ask(port, reading(cookieName, forged)), plain),
      overLimit: refusalOf(await ask(port, flood), plain),
    }
  } finally {
    await program.stop()
  }
}

/** What the baselines have to know of the gate. */
export interface SiteSetup {
  readonly refusals: Refusals
  /** SHA-1 of admit.lua, which Redis knows. */
  readonly sha: string
}

/** Starts an nginx with the gate and all baselines. */
export async function startSite(
  root: PrivateRoot,
  plan: Plan,
  cpus: string,
  setup: SiteSetup & { readonly logs: boolean },
): Promise<Site> {
  const { logs, refusals, sha } = setup
  const names = ['gate', ...BASELINES]
  const free = await freePorts(names.length)
  const ports = Object.fromEntries(names.map((name, index) => [name, free[index] ?? 0])) as Ports
  const folder = join(plan.layout.data, 'bench')
  await writeLuaFiles(folder, plan, CHAT_POLICIES, sha)
  await writeFloor(folder, plan, CHAT_POLICIES, sha, refusals)
  const servers = await baselineServers({ root, ports, folder, logs, ...refusals })
  const gate = await startGate(root, plan, cpus, {
    port: ports.gate,
    logs,
    modules: LUA_MODULES,
    servers,
  })
  return { ...gate, ports, logs }
}
