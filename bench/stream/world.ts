/** Everything that runs during the benchmark. */

import { join } from 'node:path'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { openRoot } from '../../scripts/stack/start-stack.ts'
import { freePorts } from '../../tests/support/free-ports.ts'
import type { Frame } from '../support/benchmark.ts'
import { startChatgate, startServer } from '../support/chatgate.ts'
import type { Program } from '../support/processes.ts'
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
