/**
 * The way to one client: headers, bytes, pauses and the end. As soon as the client is gone every
 * pending and later call fails with an AbortError, so production stops where it is.
 */

import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Ending } from './journal.ts'

/** Node's longest timer. */
const MAX_TIMER_MS = 2_147_483_647

export interface KeepAlive {
  readonly everyMs: number
  readonly bytes: string
}

export interface Outlet {
  /** Aborted when the connection has ended. */
  readonly signal: AbortSignal
  readonly started: boolean
  /** Sends status and headers at once. @param last true closes the connection after this answer */
  start(status: number, headers: OutgoingHttpHeaders, last?: boolean): void
  /** Hands bytes to the connection before it returns; resolves when there is room for more. */
  write(bytes: string | Uint8Array): Promise<void>
  /** Waits, sending keep-alives into the silence if there are any; Infinity is allowed. */
  wait(ms: number, keepAlive?: KeepAlive): Promise<void>
  /** Ends the answer in HTTP's proper way. */
  end(ending: Ending, bytes?: string): void
  /** Destroys the connection with a TCP reset, once what was written has left this process. */
  reset(): Promise<void>
}

/** @param onClose called once, when the connection of this answer has ended */
export function createOutlet(
  response: ServerResponse,
  onClose: (ending: Ending, finished: boolean) => void,
): Outlet {
  const gone = new AbortController()
  const { signal } = gone
  let ending: Ending = 'client_closed'

  response.on('error', () => response.destroy())
  response.once('close', () => {
    gone.abort()
    const finished = response.writableFinished
    onClose(finished || ending === 'reset' ? ending : 'client_closed', finished)
  })

  function write(bytes: string | Uint8Array): Promise<void> {
    if (response.destroyed) gone.abort()
    signal.throwIfAborted()
    if (response.write(bytes)) return Promise.resolve()
    return once(response, 'drain', { signal }).then(() => undefined)
  }

  return {
    signal,
    get started() {
      return response.headersSent
    },
    start(status, headers, last = false) {
      if (last) response.shouldKeepAlive = false
      response.writeHead(status, headers)
      response.flushHeaders()
    },
    write,
    async wait(ms, keepAlive) {
      const until = performance.now() + ms
      for (;;) {
        signal.throwIfAborted()
        const left = until - performance.now()
        if (left <= 0) return
        const step = Math.min(left, keepAlive?.everyMs ?? MAX_TIMER_MS, MAX_TIMER_MS)
        await sleep(step, undefined, { signal })
        if (keepAlive !== undefined && step < left) await write(keepAlive.bytes)
      }
    },
    end(how, bytes) {
      ending = how
      response.end(bytes)
    },
    async reset() {
      // Node holds a response's bytes back until the end of the tick; the empty write queues behind.
      await nextTurn()
      signal.throwIfAborted()
      const { socket } = response
      await new Promise<void>((resolve) => {
        if (socket === null) resolve()
        else socket.write('', () => resolve())
      })
      ending = 'reset'
      socket?.resetAndDestroy()
    },
  }
}
