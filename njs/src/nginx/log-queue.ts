/**
 * Log records on their way to Redis, in a shared zone that outlives a reload. Records leave it only
 * after Redis has taken them; when it is full, records are dropped and counted.
 */

/** How many records one XADD carries at most. */
const BATCH_RECORDS = 100

/** Key of the drop counter, beside the records, whose keys are request ids. */
const DROPPED = '_dropped'

function queue(): NgxSharedDict<string> {
  const dict = ngx.shared['gate_log']
  if (dict === undefined) throw new Error('js_shared_dict_zone gate_log is missing')
  return dict as NgxSharedDict<string>
}

function counters(): NgxSharedDict<number> {
  const dict = ngx.shared['gate_counters']
  if (dict === undefined) throw new Error('js_shared_dict_zone gate_counters is missing')
  return dict as NgxSharedDict<number>
}

/** Queues one record as JSON; returns false if the zone is full and the record is lost. */
export function enqueue(id: string, json: string): boolean {
  try {
    queue().set(id, json)
    return true
  } catch {
    counters().incr(DROPPED, 1, 0)
    return false
  }
}

export interface LogBatch {
  readonly ids: readonly string[]
  /** Records as JSON, one per line. */
  readonly lines: string
}

/** Returns the next records to send, or undefined if there are none; they stay queued. */
export function nextBatch(): LogBatch | undefined {
  const ids: string[] = []
  const lines: string[] = []
  for (const id of queue().keys(BATCH_RECORDS)) {
    const json = queue().get(id)
    if (json === undefined) continue
    ids.push(id)
    lines.push(json)
  }
  return ids.length === 0 ? undefined : { ids, lines: lines.join('\n') }
}

/** Removes records that Redis has taken. */
export function forget(batch: LogBatch): void {
  for (const id of batch.ids) queue().delete(id)
}

/** Returns how many records were lost because the zone was full, since nginx started. */
export function droppedRecords(): number {
  return counters().get(DROPPED) ?? 0
}
