/**
 * js_filter between nginx's http side and Redis: takes an HTTP request whose body is a RESP pipeline,
 * sends the body to Redis, and wraps the replies in an HTTP response. Each connection first signs in
 * to Redis, picks the database and names itself.
 */

import { BridgeExchange } from '../domain/bridge-exchange.ts'
import type { Command } from '../domain/resp-encode.ts'

/** As it shows in CLIENT LIST. */
const CLIENT_NAME = 'chatgate-gate'

/** Handles one connection; throwing closes it, which the http side sees as Redis being away. */
export function bridge(s: NginxStreamRequest): void {
  const exchange = new BridgeExchange(preludeCommands(s.variables))

  s.on('upstream', (data) => {
    const bytes = exchange.request(data)
    if (bytes !== undefined) s.send(bytes)
  })

  s.on('downstream', (data) => {
    const body = exchange.reply(data)
    if (body === undefined) return
    if (exchange.refusal !== undefined) s.error(`bridge: Redis refuses it: ${exchange.refusal}`)
    s.send(exchange.head)
    s.send(body)
  })
}

function preludeCommands(variables: NginxStreamVariables): readonly Command[] {
  const user = variables['bridge_redis_user'] ?? ''
  const password = variables['bridge_redis_password'] ?? ''
  const database = variables['bridge_redis_database'] ?? '0'
  const commands: Command[] = []
  if (password !== '') commands.push(['AUTH', ...(user === '' ? [] : [user]), password])
  if (database !== '0') commands.push(['SELECT', database])
  commands.push(['CLIENT', 'SETNAME', CLIENT_NAME])
  return commands
}
