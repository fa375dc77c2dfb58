/** Everything that runs during the benchmark. */

import { join } from 'node:path'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { makePlan, type Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { baseEnvironment } from '../../scripts/stack/service.ts'
import { openRoot, startStack } from '../../scripts/stack/start-stack.ts'
import type { Supervisor } from '../../scripts/stack/supervisor.ts'
import { freePorts } from '../../tests/support/free-ports.ts'
import { testEnvironment } from '../../tests/support/own-stack.ts'
import type { Frame } from '../support/benchmark.ts'
import { Program } from '../support/processes.ts'
import { ensurePeer, startPeer } from './peer.ts'
import { makePeople } from './people.ts'

export interface World {
  readonly folder: string
  readonly root: PrivateRoot
  readonly plan: Plan
  /** What everybody's answers come from, and the stand-in that it has recorded. */
  readonly upstream: Program
  readonly standin: Program
  readonly peer: Program
  readonly ports: Readonly<Record<'upstream' | 'standin' | 'peer', number>>
  /** Session cookies, `name=value`, of different people. */
  readonly cookies: readonly string[]
}

/** As many as have an answer running at the same time. */
const PEOPLE = 1000

/** Any will do. */
export const API_KEY = 'sk-bench-0123456789'

const READY_MS = 20_000

/** So high that everybody is admitted; everything else is as in production. */
const SETTINGS: Readonly<Record<string, string>> = {
  GATE_FLOOD: 'off',
  GATE_LIMIT_CHAT: '"chat";q=2000;w=1',
  GATE_LIMIT_STREAMS: '2000',
}

/** Starts everything; the frame's end stops it, also half-way. */
export async function startWorld(frame: Frame, say: (message: string) => void): Promise<World> {
  const { folder } = frame
  const { cache } = commandSettings()
  const peerFolder = await ensurePeer(cache, say)
  say('building and starting the stack')
  const [upstreamPort = 0, standinPort = 0, peerPort = 0] = await freePorts(3)
  const ports = { upstream: upstreamPort, standin: standinPort, peer: peerPort }
  const log = (name: string) => join(folder, `${name}.log`)
  const recorded = 'bench/stream/upstream-main.ts'
  const upstream = await startServer(recorded, ports.upstream, log('upstream'))
  const standin = await startServer('tests/standin/main.ts', ports.standin, log('standin'))
  const peer = await startPeer(peerFolder, ports.peer, log('portkey'))
  const plan = await startChatgate(frame, `http://127.0.0.1:${ports.upstream}`)
  const root = await openRoot(plan, say)
  const cookies = await makePeople(plan, PEOPLE)
  return { folder, root, plan, upstream, standin, peer, ports, cookies }
}

async function startChatgate({ folder, atEnd }: Frame, modelUrl: string): Promise<Plan> {
  const model = { DEEPSEEK_API_KEY: API_KEY, DEEPSEEK_BASE_URL: modelUrl }
  const plan = await makePlan(
    await testEnvironment(join(folder, 'data'), { ...SETTINGS, ...model }),
  )
  const starting = new AbortController()
  const started = startStack(plan, () => undefined, starting.signal)
  let supervisor: Supervisor | undefined
  atEnd(async () => {
    if (supervisor === undefined) starting.abort()
    // A start that is broken off has stopped what it had started.
    await started.then((whole) => whole.stop()).catch(() => undefined)
  })
  supervisor = await started
  return plan
}

/** Starts what answers as DeepSeek does. @param main path in the checkout */
async function startServer(main: string, port: number, log: string): Promise<Program> {
  const command = {
    file: process.execPath,
    args: ['--import', 'tsx', join(CHECKOUT, main)],
    env: { ...baseEnvironment(), STANDIN_PORT: String(port) },
    cwd: CHECKOUT,
  }
  const program = await Program.start(command, log, undefined)
  const headers = { authorization: `Bearer ${API_KEY}` }
  await waitFor(() => fetch(`http://127.0.0.1:${port}/models`, { headers }), READY_MS)
  return program
}
