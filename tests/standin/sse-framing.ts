/** How events become bytes: the provider's framing, and odd ones that a reader must bear too. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Frame } from './directives.ts'
import type { KeepAlive, Outlet } from './outlet.ts'

export interface SseFraming {
  /** Returns an event's text for `data`. */
  event(data: string): string
  /** Hands events to the connection, in pieces if the framing says so. */
  send(outlet: Outlet, events: string): Promise<void>
  /** The comment that fills a silence. */
  keepAlive(everyMs: number): KeepAlive
}

/** @param frame `crlf`: lines end with CR LF; `bytes`: each byte is an HTTP chunk of its own */
export function createFraming(frame: Frame): SseFraming {
  const lineEnd = frame === 'crlf' ? '\r\n' : '\n'
  return {
    event: (data) => `data: ${data}${lineEnd}${lineEnd}`,
    send: frame === 'bytes' ? sendBytes : (outlet, events) => outlet.write(events),
    keepAlive: (everyMs) => ({ everyMs, bytes: `: keep-alive${lineEnd}${lineEnd}` }),
  }
}

/** A turn of the event loop between two bytes keeps them apart on their way. */
async function sendBytes(outlet: Outlet, events: string): Promise<void> {
  for (const byte of Buffer.from(events)) {
    await outlet.write(Uint8Array.of(byte))
    await nextTurn()
  }
}
