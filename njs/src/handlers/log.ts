/** proxy_logs: from nginx's log phase to the Redis stream. */

import { LOG_BATCH_FIELD } from '../contract/log-record.ts'
import { PROXY_LOG_STREAM } from '../contract/redis-keys.ts'
import appendSource from '../domain/append-log.lua'
import { makeLogRecord } from '../domain/log-entry.ts'
import { ReplyError } from '../domain/resp-decode.ts'
import { droppedRecords, enqueue, forget, nextBatch } from '../nginx/log-queue.ts'
import { detachedPipeline, RedisUnavailable } from '../nginx/redis.ts'

/** Bytes the stream may take while no worker reads it: a quarter of what Redis is given by default. */
const STREAM_MAX_BYTES = String(64 * 1024 * 1024)

/**
 * After so many ms a run sends no further batch. With the time limit of one batch (js_fetch_timeout)
 * it ends before the next run begins.
 */
const RUN_MS = 100

/** js_set: builds the record, queues it for Redis and returns it as the access log's JSON line. */
export function logRecord(r: NginxHTTPRequest): string {
  const v = r.variables
  const record = makeLogRecord({
    id: v['request_id'],
    uid: v['gate_logged_user'],
    ip: v['remote_addr'],
    requestLine: v['request'],
    target: v['request_uri'],
    proto: v['server_protocol'],
    status: v['status'],
    completion: v['request_completion'],
    msec: v['msec'],
    requestTime: v['request_time'],
    bytesIn: v['request_length'],
    bytesOut: v['bytes_sent'],
    upstreamStatus: v['upstream_status'],
    upstreamHeaderTime: v['upstream_header_time'],
    verdict: v['gate_verdict'],
    userAgent: v['http_user_agent'],
  })
  const json = JSON.stringify(record)
  enqueue(record.id, json)
  return json
}

/** js_periodic: sends queued records, one XADD per batch; what Redis does not take stays queued. */
export async function flushLog(session: NginxPeriodicSession): Promise<void> {
  const socket = session.variables['gate_bridge_socket'] ?? ''
  const began = Date.now()
  while (Date.now() - began < RUN_MS) {
    const batch = nextBatch()
    if (batch === undefined) return
    try {
      await append(socket, batch.lines)
    } catch (error) {
      const reason = error instanceof RedisUnavailable ? error.message : String(error)
      ngx.log(ngx.WARN, `gate: log records wait (${droppedRecords()} dropped so far): ${reason}`)
      return
    }
    forget(batch)
  }
}

async function append(socket: string, lines: string): Promise<void> {
  const call = ['EVAL', appendSource, '1', PROXY_LOG_STREAM]
  const [reply] = await detachedPipeline(socket, [
    [...call, STREAM_MAX_BYTES, LOG_BATCH_FIELD, lines],
  ])
  if (reply instanceof ReplyError) throw reply
  if (reply !== 1) throw new RedisUnavailable('the log stream is full')
}
