/** nginx of the local run. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import type { PrivateRoot } from '../root/private-root.ts'
import { CHECKOUT, type Layout } from './layout.ts'
import { formatValues, type NginxParts, nginxValues } from './nginx-values.ts'
import { waitFor } from './readiness.ts'
import { baseEnvironment, type Service } from './service.ts'
import { StartFailure } from './start-failure.ts'

const run = promisify(execFile)
const READY_MS = 15_000

/** In load order: the stream module has to be there before its script module. */
const MODULES = ['ngx_stream_module.so', 'ngx_http_js_module.so', 'ngx_stream_js_module.so']

/** What of nginx/ is used in place, so that an edit needs a reload only. */
const LINKED = ['nginx.conf', 'conf.d', 'servers', 'snippets']

/** Returns the nginx service. */
export function nginxService(root: PrivateRoot, parts: Omit<NginxParts, 'modules'>): Service {
  return {
    name: 'nginx',
    // QUIT writes the queue of log records to its state file; TERM would lose the last second.
    stopSignal: 'SIGQUIT',
    stopTimeoutMs: 15_000,
    async command() {
      await setAsideBadState(parts.layout)
      await renderNginx(root, parts)
      return { ...nginxCommand(root, parts.layout, []), env: baseEnvironment() }
    },
    ready: (signal) => waitFor(() => handshake(parts.settings.httpsPort), READY_MS, signal),
  }
}

/** Returns nginx with the arguments that every call needs and `more` after them. */
export function nginxCommand(root: PrivateRoot, layout: Layout, more: readonly string[]) {
  return root.command('usr/sbin/nginx', [
    ...['-p', layout.nginx],
    ...['-e', join(layout.logs, 'nginx.log')],
    ...['-c', join(layout.nginxConf, 'nginx.conf')],
    ...['-g', 'daemon off;'],
    ...more,
  ])
}

/**
 * Fills the templates in and tests the result with `nginx -t`.
 * @throws {StartFailure} with what nginx said, if it would not take the configuration
 */
export async function renderNginx(
  root: PrivateRoot,
  parts: Omit<NginxParts, 'modules'>,
): Promise<void> {
  const { layout } = parts
  const modules = MODULES.map((name) => root.path(`usr/lib/nginx/modules/${name}`))
  const values = join(layout.nginx, 'values.env')
  await writeFile(values, formatValues(nginxValues({ ...parts, modules })), { mode: 0o600 })
  for (const name of LINKED) {
    const link = join(layout.nginxConf, name)
    await rm(link, { force: true, recursive: true })
    await symlink(join(CHECKOUT, 'nginx', name), link)
  }
  const rendered = join(layout.nginxConf, 'rendered')
  const templates = join(CHECKOUT, 'nginx/templates')
  await run(join(CHECKOUT, 'nginx/render.sh'), [values, templates, rendered]).catch(refuse)
  const { file, args } = nginxCommand(root, layout, ['-t', '-q'])
  await run(file, [...args], { env: baseEnvironment() }).catch(refuse)
}

function refuse(error: { stderr?: string }): never {
  throw new StartFailure(`nginx does not accept its configuration:\n${error.stderr?.trim() ?? ''}`)
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
