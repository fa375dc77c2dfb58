/** Everything that runs during the benchmark. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { buildGate } from '../../scripts/build/all.ts'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { redisService } from '../../scripts/stack/redis.ts'
import { forgeCookies, type Person, signInPeople } from './people.ts'
import { makePlans, type Plans } from './plans.ts'
import { type Cpus, Program, shareCpus } from './processes.ts'
import { learnRefusals, type Site, startSite } from './sites.ts'
import { startUpstream } from './upstream.ts'

const PEOPLE = 1000

export interface World {
  readonly root: PrivateRoot
  readonly folder: string
  readonly plans: Plans
  readonly cpus: Cpus
  readonly redis: Redis
  readonly redisServer: Program
  readonly upstream: Program
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
  const people = await signInPeople(redis, PEOPLE, gate.sessionSecrets)
  const [flooder] = people
  const forged = forgeCookies(PEOPLE)
  const sockets = Object.values(plans).map((plan) => plan.layout.sockets.worker)
  const upstream = await startUpstream(root, join(folder, 'upstream'), sockets, cpus.load)
  const refusals = await learnRefusals(root, plans.quiet, forged, flooder)
  const setup = { refusals, sha }
  const quiet = await startSite(root, plans.quiet, cpus.gate, { ...setup, logs: false })
  const logged = await startSite(root, plans.logged, cpus.gate, { ...setup, logs: true })
  const parts = { root, folder, plans, cpus, redis, redisServer, upstream }
  return { ...parts, quiet, logged, people, forged }
}

function admitScript(): Promise<string> {
  return readFile(join(CHECKOUT, 'njs/src/domain/admit.lua'), 'utf8')
}
