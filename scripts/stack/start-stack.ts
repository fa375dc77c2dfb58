/** From a plan to a running stack. */

import { join } from 'node:path'
import { buildAll } from '../build/all.ts'
import { SERVER_PACKAGES } from '../root/packages.ts'
import { ensurePrivateRoot, type PrivateRoot } from '../root/private-root.ts'
import { ensureCertificate } from './certificate.ts'
import { CHECKOUT } from './layout.ts'
import { mysqlService } from './mysql.ts'
import { nginxService } from './nginx.ts'
import type { NginxSources } from './nginx-configuration.ts'
import { standinService, workerService } from './node-services.ts'
import { checkOutsideServers } from './outside-servers.ts'
import type { Plan } from './plan.ts'
import { busyPorts } from './ports.ts'
import {
  endLeftovers,
  isRunning,
  leftovers,
  readProcessTable,
  removeProcessTable,
} from './process-table.ts'
import { redisService } from './redis.ts'
import { StartFailure } from './start-failure.ts'
import { Supervisor } from './supervisor.ts'

type Say = (message: string) => void

/** How long what a killed supervisor left behind gets to end by itself, ms. */
const LEFTOVER_STOP_MS = 20_000

/**
 * Starts everything of the plan and resolves when the whole answers.
 * @param say is told of each long step
 * @param signal stops the start, also half-way
 * @throws {StartFailure} if it cannot be started; what had started is stopped again
 */
export async function startStack(plan: Plan, say: Say, signal: AbortSignal): Promise<Supervisor> {
  await clearLeftovers(plan, say)
  await Promise.all([checkPorts(plan), checkOutsideServers(plan)])
  const [root] = await Promise.all([openRoot(plan, say), buildAll()])
  const parts = await nginxParts(plan)
  if (parts.certificate.selfSigned) say('using a self-signed certificate; browsers will warn once')
  const { layout, secrets, worker } = plan
  signal.throwIfAborted()
  const supervisor = new Supervisor(layout, plan.url, say)
  signal.addEventListener('abort', () => void supervisor.stop(), { once: true })
  try {
    say('starting Redis and MySQL')
    await Promise.all([
      plan.ownRedis && supervisor.start(redisService(root, layout, secrets)),
      plan.ownMysql && supervisor.start(mysqlService(root, layout, secrets, worker.mysql)),
      plan.usesStandin && supervisor.start(standinService(plan.settings.standinPort)),
    ])
    say('starting the worker (it brings the database schema up to date)')
    await supervisor.start(workerService(plan))
    say('starting nginx')
    await supervisor.start(nginxService(root, parts))
    return supervisor
  } catch (error) {
    await supervisor.stop()
    throw error
  }
}

/** Returns the private root of the plan, fetching it first if need be. */
export function openRoot(plan: Plan, say: Say): Promise<PrivateRoot> {
  return ensurePrivateRoot(plan.settings.cache, plan.settings.suite, SERVER_PACKAGES, say)
}

/** Returns what nginx is rendered from. */
export async function nginxParts(plan: Plan): Promise<NginxSources> {
  const { settings, layout, gate, worker } = plan
  const certificate = await ensureCertificate(join(CHECKOUT, 'ssl'), layout.tls, settings.domains)
  return { settings, layout, gate, certificate, redisUrl: worker.redisUrl, limits: worker.limits }
}

/** A supervisor that was killed leaves its services running; two of them on one folder do harm. */
async function clearLeftovers(plan: Plan, say: Say): Promise<void> {
  const table = readProcessTable(plan.layout.processes)
  if (table === undefined) return
  if (isRunning(table.supervisor)) {
    throw new StartFailure(`Chatgate is already running at ${table.url} (npm stop ends it).`)
  }
  const left = leftovers(table, plan.layout.data)
  if (left.length > 0) say(`ending what an earlier run left behind: ${left.join(', ')}`)
  await endLeftovers(table, plan.layout.data, LEFTOVER_STOP_MS)
  removeProcessTable(plan.layout.processes)
}

async function checkPorts(plan: Plan): Promise<void> {
  const { httpsPort, httpPort, metricsPort, standinPort } = plan.settings
  const busy = await busyPorts({
    CHATGATE_HTTPS_PORT: httpsPort,
    CHATGATE_HTTP_PORT: httpPort,
    CHATGATE_METRICS_PORT: metricsPort,
    ...(plan.usesStandin && { CHATGATE_STANDIN_PORT: standinPort }),
  })
  if (busy.length > 0) throw new StartFailure(busy.join('\n'))
}
