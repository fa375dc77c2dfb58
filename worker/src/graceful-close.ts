/**
 * Ending an HTTP server behind nginx so that hardly a request is lost. nginx keeps connections open and
 * sends its next request over one of them without asking, the one used last first. Closed at that
 * moment the request is lost, because nginx repeats no POST that it has sent.
 */

import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'

/**
 * How long a connection without a request stays open after the stop, ms. Meanwhile it serves one more,
 * which the application answers with `Connection: close`, so that nginx turns away by itself.
 */
const TURN_AWAY_MS = 1000

/**
 * Accepts no connection any more, and resolves when the last one is gone. Those that are open serve one more
 * request for `serveMs`; from then on each closes with the end of its answer. After `cutMs` the rest is cut.
 */
export type Stop = (serveMs: number, cutMs: number) => Promise<void>

/** Returns what ends the server. */
export function prepareClose(server: Server): Stop {
  const open = new Set<Socket>()
  const busy = new Map<Socket, ServerResponse>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    busy.set(socket, response)
    response.once('close', () => {
      if (busy.get(socket) === response) busy.delete(socket)
    })
  })

  return (serveMs, cutMs) =>
    new Promise((resolve) => {
      server.keepAliveTimeout = TURN_AWAY_MS
      const serve = setTimeout(() => {
        for (const [socket, response] of busy) response.once('finish', () => socket.destroySoon())
      }, serveMs)
      for (const socket of open) if (!busy.has(socket)) socket.setTimeout(TURN_AWAY_MS)
      const cut = setTimeout(() => server.closeAllConnections(), cutMs)
      // Not the close of the HTTP server, which closes connections without a request at once.
      NetServer.prototype.close.call(server, () => {
        clearTimeout(serve)
        clearTimeout(cut)
        resolve()
      })
    })
}
