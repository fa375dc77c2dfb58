/** Redis from inside nginx, through the bridge (bridge.ts) that speaks RESP for us. */

import { decodeReplies, type Reply } from '../domain/resp-decode.ts'
import { type Command, encodeCommands } from '../domain/resp-encode.ts'

/** Redis could not be asked: refused, timed out, overloaded or answering nonsense. */
export class RedisUnavailable extends Error {
  constructor(reason: string) {
    super(`Redis is unavailable: ${reason}`)
    this.name = 'RedisUnavailable'
  }
}

/** The internal location that leads to the bridge. */
const BRIDGE_LOCATION = '/_redis'

/**
 * Sends a pipeline on behalf of a request. Returns one reply per command; an error that Redis itself
 * answered is a ReplyError among them.
 * @throws {RedisUnavailable} within the timeouts of the bridge location
 */
export async function pipeline(
  r: NginxHTTPRequest,
  commands: readonly Command[],
): Promise<readonly Reply[]> {
  const reply = await r.subrequest(BRIDGE_LOCATION, {
    method: 'POST',
    body: encodeCommands(commands),
  })
  if (reply.status !== 200) throw new RedisUnavailable(`bridge answered ${reply.status}`)
  const body = reply.responseBuffer
  if (body === undefined) throw new RedisUnavailable('bridge answered nothing')
  return repliesOf(body, commands.length)
}

/**
 * Sends a pipeline where there is no request (js_periodic).
 * @param socket path of the bridge's unix socket
 * @throws {RedisUnavailable} within the location's js_fetch_timeout
 */
export async function detachedPipeline(
  socket: string,
  commands: readonly Command[],
): Promise<readonly Reply[]> {
  let body: ArrayBuffer
  try {
    const response = await ngx.fetch(`http://unix:${socket}:/`, {
      method: 'POST',
      headers: { Host: 'bridge' },
      body: encodeCommands(commands),
    })
    if (response.status !== 200) throw new RedisUnavailable(`bridge answered ${response.status}`)
    body = await response.arrayBuffer()
  } catch (error) {
    throw error instanceof RedisUnavailable ? error : new RedisUnavailable(String(error))
  }
  return repliesOf(new Uint8Array(body), commands.length)
}

function repliesOf(body: Uint8Array, expected: number): readonly Reply[] {
  try {
    const replies = decodeReplies(body)
    if (replies.length !== expected) throw new RedisUnavailable('wrong number of replies')
    return replies
  } catch (error) {
    throw error instanceof RedisUnavailable ? error : new RedisUnavailable(String(error))
  }
}
