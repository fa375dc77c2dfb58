/**
 * Log records on their way to Redis, in a shared zone that outlives a reload. Records leave it only
 * after Redis has taken them; when it is full, records are dropped and counted.
 */

import { tellState } from './state-line.ts'
import { counters, logRecords } from './zones.ts'

/**
 * What one XADD carries at most. Putting a batch together holds up nginx's process, for this one about
 * half a millisecond; larger ones cost no less per record. A Redis that does not read gets no more than
 * fits into the buffers on the way, so that nobody waits to get rid of the rest.
 */
const BATCH_RECORDS = 100
const BATCH_CHARS = 100_000

/**
 * Bytes that stay free. nginx logs an error for each record that finds no memory; those here are
 * enough for whatever its processes put in between two looks.
 */
const SPARE_BYTES = 65_536

/**
 * Characters of the request id that are the key: 64 random bits, with which an entry fits into the
 * next smaller block of memory.
 */
const KEY_CHARS = 16

/** Records that Redis has taken since nginx started. */
const DELIVERED = 'log_delivered'

/** Records lost since nginx started, and in the shortage that is on now. */
const DROPPED = 'log_dropped'
const DROPPED_NOW = 'log_dropped_now'

/** Queues one record as JSON; counts it as dropped if the zone is full. */
export function enqueue(id: string, line: string): void {
  if (logRecords.freeSpace() < SPARE_BYTES) {
    drop()
    return
  }
  try {
    logRecords.set(id.slice(0, KEY_CHARS), line)
  } catch {
    drop()
  }
}

function drop(): void {
  counters.incr(DROPPED, 1, 0)
  if (counters.incr(DROPPED_NOW, 1, 0) > 1) return
  tellState('the queue of log records is full, records are dropped')
}

export interface LogBatch {
  readonly keys: readonly string[]
  /** Records as JSON, one per line. */
  readonly lines: string
}

/**
 * Returns the next records to send, or undefined if there are none; they stay queued.
 * @param busy keys of records that are on their way; those of the batch are added
 */
export function nextBatch(busy: Set<string>): LogBatch | undefined {
  const keys: string[] = []
  const lines: string[] = []
  let chars = 0
  for (const key of logRecords.keys(BATCH_RECORDS + busy.size)) {
    if (busy.has(key)) continue
    const line = logRecords.get(key)
    if (line === undefined) continue
    busy.add(key)
    keys.push(key)
    lines.push(line)
    chars += line.length
    if (keys.length === BATCH_RECORDS || chars > BATCH_CHARS) break
  }
  return keys.length === 0 ? undefined : { keys, lines: lines.join('\n') }
}

/** Removes records that Redis has taken, also from those that are on their way. */
export function forget(batch: LogBatch, busy: Set<string>): void {
  for (const key of batch.keys) {
    logRecords.delete(key)
    busy.delete(key)
  }
  counters.incr(DELIVERED, batch.keys.length, 0)
}

/** Notes that the queue was seen empty, which ends a shortage. */
export function noteEmpty(): void {
  const dropped = counters.get(DROPPED_NOW) ?? 0
  if (dropped === 0) return
  counters.set(DROPPED_NOW, 0)
  tellState(`there is room for log records again, ${dropped} were dropped`)
}

/** Returns how many records were lost because the zone was full, since nginx started. */
export function droppedRecords(): number {
  return counters.get(DROPPED) ?? 0
}

/** Returns how many records Redis has taken, since nginx started. */
export function deliveredRecords(): number {
  return counters.get(DELIVERED) ?? 0
}

/** Returns how many records wait for Redis. */
export function queuedRecords(): number {
  return logRecords.size()
}
