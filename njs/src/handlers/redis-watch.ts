/**
 * js_periodic: looks after Redis. While it is away or in doubt, each time, so that no request has to
 * try; else now and then, so that an outage is known before somebody runs into it.
 */

import { GATE_PROBE } from '../contract/redis-keys.ts'
import type { Command } from '../domain/resp-encode.ts'
import { Pace } from '../nginx/pace.ts'
import { detachedPipeline, RedisUnavailable } from '../nginx/redis.ts'
import {
  isLookDue,
  isRedisInDoubt,
  noteFailedLook,
  noteRedisAnswer,
  noteRedisBack,
} from '../nginx/redis-state.ts'

/** For a Redis that seems well. */
const PING: Command = ['PING']

/** One that is read-only or cannot save answers reads, but nobody could be counted there. */
const WRITE: Command = ['DEL', GATE_PROBE]

export async function watchRedis(session: NginxPeriodicSession): Promise<void> {
  const began = Date.now()
  const doubt = isRedisInDoubt()
  if (!doubt && !isLookDue(began)) return
  const socket = session.variables['gate_bridge_socket'] ?? ''
  const pace = new Pace()
  try {
    await ask(socket, doubt ? WRITE : PING)
    noteRedisBack(Date.now())
    noteRedisAnswer()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    // Then it may be nginx that did not see to the answer.
    if (!pace.isSlow) noteFailedLook(reason, Date.now())
  } finally {
    pace.end()
  }
}

/** @throws {RedisUnavailable} unless Redis does as it is told */
async function ask(socket: string, command: Command): Promise<void> {
  const [reply] = await detachedPipeline(socket, [command])
  if (reply !== 'PONG' && reply !== 0) throw new RedisUnavailable(String(reply))
}
