/**
 * The gate as it is: the repository's nginx configuration, rendered and checked as for a start, and
 * its bundle. Changed for measuring: one nginx process, plain HTTP instead of TLS, and the baselines
 * as further servers of the same nginx.
 */

import { appendFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { nginxCommand, renderNginx } from '../../scripts/stack/nginx-configuration.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { baseEnvironment } from '../../scripts/stack/service.ts'
import { nginxParts } from '../../scripts/stack/start-stack.ts'
import { Program } from '../support/processes.ts'

const READY_MS = 10_000

/** An nginx that serves the gate. */
export interface Gate {
  readonly plan: Plan
  readonly program: Program
}

export interface Measured {
  /** Port of the gate's own server, plain HTTP. */
  readonly port: number
  /** Whether it writes access records, as it does in production. */
  readonly logs: boolean
  /** More modules to load, by file name. */
  readonly modules: readonly string[]
  /** Content of one more file of the http block. */
  readonly servers: string
}

/** h2load does not connect anew when nginx ends a connection, as it does after 1 000 requests. */
const LONG_CONNECTIONS = 'keepalive_requests 1000000;\n'

/**
 * Starts an nginx with the gate.
 * @param measured how it differs from production; undefined for nothing but longer connections
 */
export async function startGate(
  root: PrivateRoot,
  plan: Plan,
  cpus: string | undefined,
  measured?: Measured,
): Promise<Gate> {
  const { layout } = plan
  await renderNginx(root, await nginxParts(plan))
  if (measured !== undefined) await adapt(root, layout.nginxConf, measured)
  else await appendFile(join(layout.nginxConf, 'rendered/listen-https.conf'), LONG_CONNECTIONS)
  const command = { ...nginxCommand(root, layout, layout.nginxConf, []), env: baseEnvironment() }
  const log = join(layout.logs, 'nginx.log')
  const program = await Program.start(command, log, cpus, 'SIGQUIT')
  const port = measured?.port ?? plan.settings.httpPort
  try {
    await waitFor(() => fetch(`http://127.0.0.1:${port}/healthz`), READY_MS)
  } catch (error) {
    throw new Error(`nginx does not start:\n${await readFile(log, 'utf8')}`, { cause: error })
  }
  return { plan, program }
}

async function adapt(root: PrivateRoot, conf: string, measured: Measured): Promise<void> {
  const { port, logs, servers } = measured
  const rendered = (name: string) => join(conf, 'rendered', name)
  const process = await readFile(rendered('process.conf'), 'utf8')
  const modules = measured.modules.map(
    (name) => `load_module ${root.path(`usr/lib/nginx/modules/${name}`)};\n`,
  )
  await writeFile(
    rendered('process.conf'),
    modules.join('') + process.replace(/^worker_processes .*;$/m, 'worker_processes 1;'),
  )
  await writeFile(
    rendered('listen-https.conf'),
    `listen 127.0.0.1:${port} default_server;\n${logs ? '' : 'access_log off;\n'}`,
  )
  await rm(join(conf, 'servers'))
  await mkdir(join(conf, 'servers'))
  const own = join(CHECKOUT, 'nginx/servers')
  for (const name of await readdir(own)) {
    await symlink(join(own, name), join(conf, 'servers', name))
  }
  await writeFile(join(conf, 'servers/z-bench.conf'), servers)
}
