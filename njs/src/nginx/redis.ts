/** Redis from inside nginx, through the bridge (bridge.ts) that speaks RESP for us. */

import { decodeReplies, type Reply, soleBulk } from '../domain/resp-decode.ts'
import {
  type Command,
  encodeCommand,
  encodeCommands,
  type LastWords,
} from '../domain/resp-encode.ts'

/** Redis could not be asked: refused, timed out, overloaded or answering nonsense. */
export class RedisUnavailable extends Error {
  constructor(reason: string) {
    super(`Redis is unavailable: ${reason}`)
    this.name = 'RedisUnavailable'
  }
}

/** The internal location that leads to the bridge; it makes every request to it a POST. */
const BRIDGE_LOCATION = '/_redis'

/**
 * Told when the connection to the bridge was refused or broke off. It may have been a kept one that
 * Redis closed just then, so everything is asked once more; scripts count a request once.
 */
const BROKEN = 502

/** Others broke off with it; until then nginx has noticed and takes none of them, ms. */
const AGAIN_AFTER_MS = 10

/** A request to the bridge. */
interface Question {
  /** Number of commands, if it is not one. */
  readonly args?: string
  readonly body: Uint8Array
}

/**
 * Sends one command on behalf of a request and tells its reply; an error that Redis itself answered
 * is a ReplyError. The shortest way there is: a promise and the function that awaits it cost several
 * times what the command costs.
 * @param done called once, within the timeouts of the bridge location; must not throw
 * @param last words of the command after those of `command`
 */
export function ask(
  r: NginxHTTPRequest,
  command: Command,
  done: (answer: Reply | RedisUnavailable) => void,
  last?: LastWords,
): void {
  const question = { body: encodeCommand(command, last) }
  r.subrequest(BRIDGE_LOCATION, question, (response) => {
    if (response.status === BROKEN) askAgain(r, question, (second) => done(answerOf(second)))
    else done(answerOf(response))
  })
}

/**
 * Returns the reply to one command, as `ask`.
 * @throws {RedisUnavailable} within the timeouts of the bridge location
 */
export async function call(
  r: NginxHTTPRequest,
  command: Command,
  last?: LastWords,
): Promise<Reply> {
  const answer = answerOf(await request(r, { body: encodeCommand(command, last) }))
  if (answer instanceof RedisUnavailable) throw answer
  return answer
}

/**
 * Sends a pipeline on behalf of a request. Returns one reply per command; an error that Redis itself
 * answered is a ReplyError among them.
 * @throws {RedisUnavailable} within the timeouts of the bridge location
 */
export async function pipeline(
  r: NginxHTTPRequest,
  commands: readonly Command[],
): Promise<readonly Reply[]> {
  const question = { args: String(commands.length), body: encodeCommands(commands) }
  const response = await request(r, question)
  if (response.status !== 200) throw failureOf(response)
  return repliesOf(response.responseBuffer, commands.length)
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

async function request(r: NginxHTTPRequest, question: Question): Promise<NginxHTTPRequest> {
  const response = await r.subrequest(BRIDGE_LOCATION, question)
  if (response.status !== BROKEN) return response
  return new Promise((resolve) => askAgain(r, question, resolve))
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
