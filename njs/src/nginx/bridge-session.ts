/**
 * js_filter between nginx http and Redis: takes an HTTP request whose body is a RESP pipeline, sends
 * the body to Redis, and wraps the replies in an HTTP response. Each connection first signs in to
 * Redis, picks the database and names itself.
 */

import { readBridgeRequest } from '../domain/bridge-request.ts'
import { concat, ReplyCounter } from '../domain/reply-counter.ts'
import { type Command, encodeCommands } from '../domain/resp-encode.ts'
import { INCOMPLETE, skipValue } from '../domain/resp-frame.ts'

const MINUS = 0x2d

/** Handles one connection; throwing closes it, which the http side sees as Redis being away. */
export function bridge(s: NginxStreamRequest): void {
  const prelude = preludeCommands(s.variables)
  let received: Uint8Array = new Uint8Array(0)
  let replies: ReplyCounter | undefined
  /** Replies of the prelude still in front of the next answer. */
  let preludeReplies = 0
  let ready = prelude.length === 0

  s.on('upstream', (data, flags) => {
    if (data.length === 0) {
      s.send(data, flags)
      return
    }
    received = received.length === 0 ? data : concat(received, data)
    const request = readBridgeRequest(received)
    if (request === undefined) return
    received = new Uint8Array(0)
    preludeReplies = ready ? 0 : prelude.length
    replies = new ReplyCounter(preludeReplies + request.commands)
    if (!ready) s.send(encodeCommands(prelude))
    s.send(Buffer.from(request.body), { flush: true })
  })

  s.on('downstream', (data, flags) => {
    if (data.length === 0 || replies === undefined) {
      s.send(data, flags)
      return
    }
    const bytes = replies.push(data)
    if (bytes === undefined) return
    replies = undefined
    const { end, failed } = skipPrelude(bytes, preludeReplies)
    ready = !failed
    const status = failed ? '502 Bad Gateway' : '200 OK'
    const body = failed ? bytes : bytes.subarray(end)
    s.send(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n`)
    s.send(Buffer.from(body), { flush: true })
  })
}

function preludeCommands(variables: NginxStreamVariables): readonly Command[] {
  const user = variables['bridge_redis_user'] ?? ''
  const password = variables['bridge_redis_password'] ?? ''
  const database = variables['bridge_redis_database'] ?? '0'
  const commands: Command[] = []
  if (password !== '') commands.push(['AUTH', ...(user === '' ? [] : [user]), password])
  if (database !== '0') commands.push(['SELECT', database])
  commands.push(['CLIENT', 'SETNAME', 'chatgate-gate'])
  return commands
}

function skipPrelude(bytes: Uint8Array, count: number): { end: number; failed: boolean } {
  let end = 0
  let failed = false
  for (let index = 0; index < count; index++) {
    if (bytes[end] === MINUS) failed = true
    const next = skipValue(bytes, end)
    if (next === INCOMPLETE) throw new RangeError('prelude is cut off')
    end = next
  }
  return { end, failed }
}
