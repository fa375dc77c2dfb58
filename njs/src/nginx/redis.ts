/** Redis from inside nginx, through the bridge (bridge.ts) that speaks RESP for us. */

import { decodeReplies, type Reply, soleBulk } from '../domain/resp-decode.ts'
import { type Command, encodeCommands } from '../domain/resp-encode.ts'

/** Redis could not be asked: refused, timed out, overloaded or answering nonsense. */
export class RedisUnavailable extends Error {
  constructor(reason: string) {
    super(`Redis is unavailable: ${reason}`)
    this.name = 'RedisUnavailable'
  }
}

/** As many requests ask already as may (max_conns): this one was not sent, and Redis may be well. */
export class RedisCrowded extends RedisUnavailable {
  constructor() {
    super('as many requests ask it as may')
    this.name = 'RedisCrowded'
  }
}

/** The internal location that leads to the bridge; it makes every request to it a POST. */
export const BRIDGE_LOCATION = '/_redis'

/**
 * Told when the connection to the bridge was refused or broke off. It may have been a kept one that
 * Redis closed just then, so everything is asked once more; scripts count a request once.
 */
const BROKEN = 502

/** What `$upstream_addr` says where nginx has not even tried to connect. */
const NOBODY = 'redis_bridge'

/** Others broke off with it; until then nginx has noticed and takes none of them, ms. */
const AGAIN_AFTER_MS = 10

interface Question {
  readonly body: string | Uint8Array
}

/**
 * Sends one command on behalf of a request and tells its reply; an error that Redis itself answered
 * is a ReplyError. The shortest way there is: a promise, and every further function on the way, cost
 * more than the command.
 * @param command as resp-encode.ts writes it; as text it must be ASCII
 * @param done called once, within the timeouts of the bridge location; must not throw
 * @param asking handed to `done`
 */
export function ask<Asking>(
  r: NginxHTTPRequest,
  command: string | Uint8Array,
  done: (asking: Asking, answer: Reply | RedisUnavailable) => void,
  asking: Asking,
): void {
  const question = { body: command }
  r.subrequest(BRIDGE_LOCATION, question, (response) => {
    receive(r, question, response, done, asking)
  })
}

/** Tells what the bridge answered, as `ask` does, or asks once more. */
export function receive<Asking>(
  r: NginxHTTPRequest,
  question: Question,
  response: NginxHTTPRequest,
  done: (asking: Asking, answer: Reply | RedisUnavailable) => void,
  asking: Asking,
): void {
  if (response.status !== BROKEN) done(asking, answerOf(response))
  else if (response.variables['upstream_addr'] === NOBODY) done(asking, new RedisCrowded())
  else askAgain(r, question, (second) => done(asking, answerOf(second)))
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
    const response = await ngx.fetch(
      `http://unix:${socket}:${BRIDGE_LOCATION}?${commands.length}`,
      { method: 'POST', headers: { Host: 'bridge' }, body: encodeCommands(commands) },
    )
    if (response.status !== 200) throw new RedisUnavailable(`bridge answered ${response.status}`)
    body = await response.arrayBuffer()
  } catch (error) {
    throw error instanceof RedisUnavailable ? error : new RedisUnavailable(String(error))
  }
  return repliesOf(new Uint8Array(body), commands.length)
}

function askAgain(
  r: NginxHTTPRequest,
  question: Question,
  done: (response: NginxHTTPRequest) => void,
): void {
  setTimeout(() => r.subrequest(BRIDGE_LOCATION, question, done), AGAIN_AFTER_MS)
}

function answerOf(response: NginxHTTPRequest): Reply | RedisUnavailable {
  if (response.status !== 200) return failureOf(response)
  const bulk = soleBulk(response.responseText ?? '')
  if (bulk !== undefined) return bulk
  try {
    return repliesOf(response.responseBuffer, 1)[0] ?? null
  } catch (error) {
    return error instanceof RedisUnavailable ? error : new RedisUnavailable(String(error))
  }
}

/** With what Redis said to the signing in, if that is why. */
function failureOf({ status, responseText = '' }: NginxHTTPRequest): RedisUnavailable {
  const refusal = /^[A-Z]+ .*/.exec(responseText)?.[0]
  return new RedisUnavailable(`bridge answered ${status}${refusal ? `: ${refusal}` : ''}`)
}

function repliesOf(body: Uint8Array | undefined, expected: number): readonly Reply[] {
  try {
    const replies = decodeReplies(body ?? new Uint8Array(0))
    if (replies.length !== expected) throw new RedisUnavailable('wrong number of replies')
    return replies
  } catch (error) {
    throw error instanceof RedisUnavailable ? error : new RedisUnavailable(String(error))
  }
}
