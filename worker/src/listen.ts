/** The HTTP server between nginx and the application. */

import { chmod, lstat, unlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { App } from './context.ts'
import type { WorkerEnv } from './env.ts'
import { prepareClose, type Stop } from './graceful-close.ts'

/** Longer than nginx keeps an idle connection (60 s), so that nginx is always the one to close it. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000
const HEADERS_TIMEOUT_MS = 76_000
/** For a request with its body, which nginx has read before it calls; an answer may take longer. */
const REQUEST_TIMEOUT_MS = 90_000

export interface Listener {
  readonly stop: Stop
}

/**
 * Serves `app`. A unix socket is open to this user only, as nginx runs as the same one; a socket file
 * that nobody listens on any more is replaced.
 * @throws {Error} EADDRINUSE if somebody else is listening there
 */
export async function listen(app: App, at: WorkerEnv['listen']): Promise<Listener> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
    getRequestListener(app.fetch),
  )
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS
  if ('path' in at) {
    await removeStale(at.path)
    // The file must never exist with wider rights, not even until the chmod below.
    const umask = process.umask(0o177)
    try {
      await listening(server, { path: at.path })
    } finally {
      process.umask(umask)
    }
    await chmod(at.path, 0o600)
  } else {
    await listening(server, at)
  }
  return { stop: prepareClose(server) }
}

function listening(
  server: Server,
  at: { path: string } | { host: string; port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Removes a socket file left by a worker that was killed; one that answers is left alone. */
async function removeStale(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined)
  if (file?.isSocket() && !(await isAnswering(path))) await unlink(path)
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}
