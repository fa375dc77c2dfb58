/** What the stand-in received and how each request ended. */

import { EventEmitter } from 'node:events'
import type { Usage } from './usage.ts'

/**
 * - `complete`: the whole answer was sent
 * - `client_closed`: the client went away first
 * - `cut`, `reset`, `error_event`: ended by that directive
 * - `error_status`: answered with a status other than 200
 * - `shutdown`: the stand-in was closed first
 */
export type Ending =
  | 'complete'
  | 'client_closed'
  | 'cut'
  | 'reset'
  | 'error_event'
  | 'error_status'
  | 'shutdown'

/** One request; its fields fill while it runs. */
export interface RequestRecord {
  /** Counts from 1 over all requests of this stand-in; clearing the list does not reset it. */
  readonly ordinal: number
  /** The header X-Request-Id, or null. */
  readonly request_id: string | null
  readonly method: string
  readonly path: string
  /** Headers of interest by lower-case name; of a key only the last four characters are kept. */
  readonly headers: Readonly<Record<string, string>>
  /** The body as JSON, or as text if it is no JSON, or null if there was none. */
  body: unknown
  /** Unix milliseconds. */
  readonly started_ms: number
  ended_ms: number | null
  /** Null until the status line is sent. */
  status: number | null
  /** Tokens handed to the connection. */
  readonly tokens_sent: { reasoning: number; content: number }
  /** Pieces of tool arguments handed to it. */
  tool_tokens_sent: number
  /** Null while the request runs. */
  ended: Ending | null
  /** True if every byte of the answer was handed to the operating system. */
  finished: boolean
  /** What the whole answer uses; null if there is no answer. */
  usage: Usage | null
  /** True once `usage` itself was sent to the client. */
  usage_reported: boolean
}

/** Which requests are meant; an absent field matches all. */
export interface Selection {
  readonly requestId?: string | undefined
  /** Only requests with a greater ordinal. */
  readonly after?: number | undefined
}

export interface Journal {
  /** Adds a request that has just begun. */
  open(record: Pick<RequestRecord, 'request_id' | 'method' | 'path' | 'headers'>): RequestRecord
  /** Notes the end of a request's connection; tells those who wait for it. */
  close(record: RequestRecord, ending: Ending, finished: boolean): void
  /** Returns the newest 1000 requests, newest last. */
  list(selection?: Selection): readonly RequestRecord[]
  /** Forgets the requests listed so far. */
  clear(): void
  /**
   * Returns the newest selected request that has ended, or waits for the first to end.
   * Resolves with undefined after `timeoutMs`.
   */
  nextEnd(selection: Selection, timeoutMs: number): Promise<RequestRecord | undefined>
}

const MAX_RECORDS = 1000

/** @param now Unix milliseconds */
export function createJournal(now: () => number): Journal {
  const ends = new EventEmitter<{ end: [RequestRecord] }>()
  ends.setMaxListeners(0)
  const records: RequestRecord[] = []
  let ordinal = 0

  function list(selection: Selection = {}): readonly RequestRecord[] {
    return records.filter((record) => matches(record, selection))
  }

  return {
    open(start) {
      ordinal += 1
      const record: RequestRecord = {
        ordinal,
        ...start,
        body: null,
        started_ms: now(),
        ended_ms: null,
        status: null,
        tokens_sent: { reasoning: 0, content: 0 },
        tool_tokens_sent: 0,
        ended: null,
        finished: false,
        usage: null,
        usage_reported: false,
      }
      records.push(record)
      if (records.length > MAX_RECORDS) records.shift()
      return record
    },
    close(record, ending, finished) {
      record.ended = ending
      record.finished = finished
      record.ended_ms = now()
      ends.emit('end', record)
    },
    list,
    clear() {
      records.length = 0
    },
    nextEnd(selection, timeoutMs) {
      const ended = list(selection).findLast((record) => record.ended !== null)
      if (ended !== undefined) return Promise.resolve(ended)
      return new Promise((resolve) => {
        const settle = (record?: RequestRecord) => {
          clearTimeout(timer)
          ends.off('end', check)
          resolve(record)
        }
        const check = (record: RequestRecord) => {
          if (matches(record, selection)) settle(record)
        }
        const timer = setTimeout(settle, timeoutMs)
        ends.on('end', check)
      })
    },
  }
}

function matches(record: RequestRecord, selection: Selection): boolean {
  return (
    (selection.requestId === undefined || record.request_id === selection.requestId) &&
    record.ordinal > (selection.after ?? 0)
  )
}
