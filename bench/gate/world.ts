/** Everything that runs during the benchmark. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { buildGate } from '../../scripts/build/all.ts'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { redisService } from '../../scripts/stack/redis.ts'
import { forgeCookies, type Person, signInPeople } from '../support/people.ts'
import { type Cpus, Program, shareCpus } from '../support/processes.ts'
import { makePlans, type Plans } from './plans.ts'
import { learnRefusals, type Site, type SiteSetup, startSite } from './sites.ts'
import { startUpstream } from './upstream.ts'

const PEOPLE = 1000
const FIRST_UID = 1000

export interface World {
  readonly root: PrivateRoot
  readonly folder: string
  readonly plans: Plans
  readonly cpus: Cpus
  readonly redis: Redis
  readonly redisServer: Program
  readonly upstream: Program
  readonly setup: SiteSetup
  readonly quiet: Site
  readonly logged: Site
  /** Signed in; the first one is over the limit of /api/me. */
  readonly people: readonly [Person, ...Person[]]
  /** Session cookies that are not ours. */
  readonly forged: readonly string[]
}

/**
 * Starts everything; `stopPrograms` ends it.
 * @param folder takes everything that is written
 */
export async function startWorld(
  root: PrivateRoot,
  folder: string,
  say: (message: string) => void,
): Promise<World> {
  say('building the gate; starting Redis, the upstream and nginx')
  await buildGate()
  const cpus = shareCpus()
  const plans = await makePlans(folder)
  const { layout, secrets, gate } = plans.quiet
  const service = redisService(root, layout, secrets)
  const log = join(layout.logs, 'redis.log')
  const redisServer = await Program.start(await service.command(), log, cpus.load)
  await service.ready(new AbortController().signal)
  const address = { path: layout.sockets.redis, password: secrets.redis }
  // Redis ends before its clients do; nobody is to ask for it again then.
  const redis = new Redis({ ...address, retryStrategy: () => null }).on('error', () => undefined)
  // A rewrite of the append-only file in the middle of one run would be that run's bad luck.
  await redis.config('SET', 'auto-aof-rewrite-percentage', '0')
  const sha = String(await redis.script('LOAD', await admitScript()))
  const uids = Array.from({ length: PEOPLE }, (_, index) => String(FIRST_UID + index))
  const people = await signInPeople(redis, uids, gate.sessionSecrets)
  const [flooder] = people
  const forged = forgeCookies(uids)
  const sockets = Object.values(plans).map((plan) => plan.layout.sockets.worker)
  const upstream = await startUpstream(root, join(folder, 'upstream'), sockets, cpus.load)
  const refusals = await learnRefusals(root, plans.quiet, forged, flooder)
  const setup = { refusals, sha }
  const parts = { root, folder, plans, cpus, redis, redisServer, upstream, people, forged, setup }
  return { ...parts, ...(await startSites(parts)) }
}

/** Starts both nginx anew: what one scenario left in their memory must not slow down the next. */
export async function renewSites(world: World): Promise<World> {
  for (const { program } of [world.quiet, world.logged]) await program.stop()
  return { ...world, ...(await startSites(world)) }
}

type Sites = Pick<World, 'quiet' | 'logged'>

async function startSites({ root, plans, cpus, setup }: Omit<World, keyof Sites>): Promise<Sites> {
  return {
    quiet: await startSite(root, plans.quiet, cpus.gate, { ...setup, logs: false }),
    logged: await startSite(root, plans.logged, cpus.gate, { ...setup, logs: true }),
  }
}

function admitScript(): Promise<string> {
  return readFile(join(CHECKOUT, 'njs/src/domain/admit.lua'), 'utf8')
}
