/** proxy_logs: from nginx's log phase to the Redis stream. */

import { LOG_BATCH_FIELD } from '../contract/log-record.ts'
import { PROXY_LOG_STREAM } from '../contract/redis-keys.ts'
import appendSource from '../domain/append-log.lua'
import { logLine } from '../domain/log-entry.ts'
import { ReplyError } from '../domain/resp-decode.ts'
import { endStream } from '../nginx/active-streams.ts'
import { endTurn, isKeeping, noteKept, noteTaken, takeTurn } from '../nginx/log-delivery.ts'
import { enqueue, forget, nextBatch, noteEmpty } from '../nginx/log-queue.ts'
import { detachedPipeline } from '../nginx/redis.ts'

/** Senders that may work beside the first one. */
const MORE_AT_ONCE = 3

/** After so many ms a run sends no further batch. */
const SENDING_MS = 80

/**
 * Longest run: the last batch may take the time limit of one call (js_fetch_timeout). Shorter than
 * the interval of js_periodic, because nginx kills a run that is not over when the next one begins.
 */
const RUN_MS = SENDING_MS + 150

/** js_set: builds the record, queues it for Redis and returns it as the access log's JSON line. */
export function logRecord(r: NginxHTTPRequest): string {
  const { variables } = r
  const id = variables['request_id'] ?? ''
  const line = logLine(variables, Date.now())
  enqueue(id, line)
  if (variables['gate_slot']) endStream(id)
  return line
}

/** js_periodic: sends queued records, one XADD per batch; what Redis does not take stays queued. */
export async function flushLog(session: NginxPeriodicSession): Promise<void> {
  const began = Date.now()
  if (!takeTurn(began, RUN_MS)) return
  try {
    await deliver(session.variables['gate_bridge_socket'] ?? '', began + SENDING_MS)
  } catch (error) {
    noteKept(error instanceof Error ? error.message : String(error), Date.now())
  } finally {
    endTurn()
  }
}

async function deliver(socket: string, until: number): Promise<void> {
  // Asks with empty hands first: a Redis that is frozen takes all that was sent to it meanwhile when
  // it goes on.
  if (isKeeping()) await append(socket, '')
  const busy = new Set<string>()
  const isEmpty = await sendBatches(socket, until, busy, MORE_AT_ONCE)
  noteTaken()
  if (isEmpty) noteEmpty()
}

/**
 * Sends batch after batch; each answer is also the sign for one more sender beside this one, so that a
 * long queue goes quickly and a Redis that does not answer gets little. Resolves with whether the
 * queue is empty, when all senders are done.
 */
async function sendBatches(
  socket: string,
  until: number,
  busy: Set<string>,
  more: number,
): Promise<boolean> {
  let beside: Promise<boolean> | undefined
  try {
    let batch = nextBatch(busy)
    while (batch !== undefined && Date.now() < until) {
      await append(socket, batch.lines)
      forget(batch, busy)
      if (more > 0) beside ??= sendBatches(socket, until, busy, more - 1)
      batch = nextBatch(busy)
    }
    return batch === undefined && (await beside) !== false
  } finally {
    await beside
  }
}

async function append(socket: string, lines: string): Promise<void> {
  const command = ['EVAL', appendSource, '1', PROXY_LOG_STREAM, LOG_BATCH_FIELD, lines]
  const [reply] = await detachedPipeline(socket, [command])
  if (reply instanceof ReplyError) throw reply
  if (reply !== 1) throw new Error('the log stream is full')
}
