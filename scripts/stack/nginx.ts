/** nginx of the local run. */

import { existsSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { PrivateRoot } from '../root/private-root.ts'
import type { Layout } from './layout.ts'
import { type NginxSources, nginxCommand, renderNginx } from './nginx-configuration.ts'
import { waitFor } from './readiness.ts'
import { baseEnvironment, type Service } from './service.ts'

const READY_MS = 15_000

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
