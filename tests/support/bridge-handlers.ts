/** Handlers that use the bridge as the gate does, for tests; they run inside nginx. */

import { decodeReplies, type Reply, ReplyError } from '../../njs/src/domain/resp-decode.ts'
import { encodeCommand, encodeCommands } from '../../njs/src/domain/resp-encode.ts'
import { ask, detachedPipeline, RedisUnavailable } from '../../njs/src/nginx/redis.ts'
import { failedVectors } from './bridge-vectors.ts'

/** JSON has no errors: they are told as objects. */
function told(reply: Reply | RedisUnavailable): unknown {
  if (reply instanceof ReplyError) return { error: reply.message, kind: reply.kind }
  if (reply instanceof RedisUnavailable) return { unavailable: reply.message }
  return Array.isArray(reply) ? reply.map(told) : reply
}

function commandsOf(r: NginxHTTPRequest): readonly (readonly string[])[] {
  return JSON.parse(r.requestText ?? '')
}

async function answer(r: NginxHTTPRequest, work: Promise<unknown>): Promise<void> {
  try {
    r.return(200, JSON.stringify(await work))
  } catch (error) {
    r.return(error instanceof RedisUnavailable ? 503 : 500, String(error))
  }
}

function byPipeline(r: NginxHTTPRequest): Promise<void> {
  return answer(r, pipeline(r, commandsOf(r)).then(told))
}

async function pipeline(
  r: NginxHTTPRequest,
  commands: readonly (readonly string[])[],
): Promise<readonly Reply[]> {
  const question = { args: String(commands.length), body: encodeCommands(commands) }
  const { status, responseBuffer } = await r.subrequest('/_redis', question)
  if (status !== 200) throw new RedisUnavailable(`bridge answered ${status}`)
  return decodeReplies(responseBuffer ?? new Uint8Array(0))
}

function byCall(r: NginxHTTPRequest): Promise<void> {
  const calls = commandsOf(r).map(
    (command) =>
      new Promise<unknown>((resolve, reject) => {
        const done = (_: unknown, reply: Reply | RedisUnavailable) => {
          if (reply instanceof RedisUnavailable) reject(reply)
          else resolve(told(reply))
        }
        ask(r, encodeCommand(command), done, undefined)
      }),
  )
  return answer(r, Promise.all(calls))
}

function byAsk(r: NginxHTTPRequest): void {
  const commands = commandsOf(r)
  const answers: unknown[] = []
  const take = (_: unknown, reply: Reply | RedisUnavailable) => {
    answers.push(told(reply))
    next()
  }
  const next = () => {
    const command = commands[answers.length]
    if (command === undefined) {
      r.return(200, JSON.stringify(answers))
      return
    }
    ask(r, encodeCommand(command), take, undefined)
  }
  next()
}

function detached(r: NginxHTTPRequest): Promise<void> {
  const socket = r.variables['bridge_socket'] ?? ''
  return answer(r, detachedPipeline(socket, commandsOf(r)).then(told))
}

function vectors(r: NginxHTTPRequest): void {
  r.return(200, JSON.stringify(failedVectors()))
}

export default { byAsk, byCall, byPipeline, detached, vectors }
