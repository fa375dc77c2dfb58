/** nginx of the local run. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import type { PrivateRoot } from '../root/private-root.ts'
import { CHECKOUT, type Layout } from './layout.ts'
import { localNginxPlace } from './nginx-place.ts'
import { formatValues, type NginxParts, nginxValues } from './nginx-values.ts'
import { waitFor } from './readiness.ts'
import { baseEnvironment, type Service } from './service.ts'
import { StartFailure } from './start-failure.ts'

const run = promisify(execFile)
const READY_MS = 15_000

/** What of nginx/ is used in place, so that an edit needs a reload only. */
const LINKED = ['nginx.conf', 'conf.d', 'servers', 'snippets']

/** What the configuration is rendered from, and where. */
export interface NginxSources extends NginxParts {
  readonly layout: Layout
}

/** Returns the nginx service. */
export function nginxService(root: PrivateRoot, parts: NginxSources): Service {
  return {
    name: 'nginx',
    // QUIT writes the queue of log records to its state file; TERM would lose the last second.
    stopSignal: 'SIGQUIT',
    stopTimeoutMs: 15_000,
    async command() {
      const { layout } = parts
      await setAsideBadState(layout)
      await renderNginx(root, parts)
      // A killed nginx leaves its socket behind, and nginx does not take over a path that exists.
      await rm(layout.sockets.bridge, { force: true })
      return { ...nginxCommand(root, layout, layout.nginxConf, []), env: baseEnvironment() }
    },
    ready: (signal) => waitFor(() => handshake(parts.settings.httpsPort), READY_MS, signal),
  }
}

/** Returns nginx with the arguments that every call needs and `more` after them. */
function nginxCommand(root: PrivateRoot, layout: Layout, conf: string, more: readonly string[]) {
  return root.command('usr/sbin/nginx', [
    ...['-p', layout.nginx],
    ...['-e', join(layout.logs, 'nginx.log')],
    ...['-c', join(conf, 'nginx.conf')],
    ...['-g', 'daemon off;'],
    ...more,
  ])
}

/**
 * Fills the templates in, tests the result with `nginx -t` and puts it in place. A configuration that
 * nginx would not take changes nothing.
 * @throws {StartFailure} with what nginx said
 */
export async function renderNginx(root: PrivateRoot, parts: NginxSources): Promise<void> {
  const { layout } = parts
  const next = `${layout.nginxConf}.next`
  await stageNginx(root, parts, next)
  await rm(layout.nginxConf, { recursive: true, force: true })
  await rename(next, layout.nginxConf)
}

/**
 * Makes a whole configuration folder in `folder` and tests it there.
 * @throws {StartFailure} with what nginx said, naming the files of the checkout
 */
export async function stageNginx(
  root: PrivateRoot,
  parts: NginxSources,
  folder: string,
): Promise<void> {
  const { layout } = parts
  const values = join(layout.nginx, 'values.env')
  const lines = formatValues(nginxValues(parts, localNginxPlace(root, layout)))
  await writeFile(values, lines, { mode: 0o600 })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  for (const name of LINKED) await symlink(join(CHECKOUT, 'nginx', name), join(folder, name))
  const templates = join(CHECKOUT, 'nginx/templates')
  await run(join(CHECKOUT, 'nginx/render.sh'), [values, templates, join(folder, 'rendered')]).catch(
    refuse(folder),
  )
  const { file, args } = nginxCommand(root, layout, folder, ['-t', '-q'])
  await run(file, [...args], { env: baseEnvironment() }).catch(refuse(folder))
}

/** A rendered file has the lines of its template, so its place is told as the template's. */
function refuse(folder: string): (error: { stderr?: string }) => never {
  return ({ stderr = '' }) => {
    const lines = stderr.trim().replaceAll(`${folder}/rendered/`, 'nginx/templates/')
    throw new StartFailure(
      `nginx does not accept its configuration:\n${lines.replaceAll(`${folder}/`, 'nginx/')}`,
    )
  }
}

/** nginx does not start with a state file it cannot read; the records in it are lost, said aloud. */
async function setAsideBadState(layout: Layout): Promise<void> {
  const path = join(layout.nginx, 'state/gate_log.json')
  if (!existsSync(path)) return
  try {
    JSON.parse(await readFile(path, 'utf8'))
  } catch {
    await rename(path, `${path}.bad`)
    console.warn(`The log queue ${path} is damaged; it was set aside as gate_log.json.bad.`)
  }
}

/** A TLS handshake shows that nginx accepts connections with its certificate. */
function handshake(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}
