/** Turns what nginx knows in its log phase into a log record. */

import type { LogRecord } from '../contract/log-record.ts'

/** nginx variables as text, undefined where nginx has no value. */
export interface LogFacts {
  readonly id: string | undefined
  readonly uid: string | undefined
  readonly ip: string | undefined
  /** The first line as sent. The variable for the method alone says GET once an error page is served. */
  readonly requestLine: string | undefined
  /** The request target as sent, query included. */
  readonly target: string | undefined
  readonly proto: string | undefined
  readonly status: string | undefined
  /** `OK` if the whole answer was sent. */
  readonly completion: string | undefined
  /** Unix seconds at the end, with milliseconds. */
  readonly msec: string | undefined
  /** Seconds with milliseconds. */
  readonly requestTime: string | undefined
  readonly bytesIn: string | undefined
  readonly bytesOut: string | undefined
  /** One value per server tried, comma-separated; the last one answered. */
  readonly upstreamStatus: string | undefined
  readonly upstreamHeaderTime: string | undefined
  readonly verdict: string | undefined
  readonly userAgent: string | undefined
}

const MAX_METHOD = 32
const MAX_PATH = 512
const MAX_USER_AGENT = 256

/** Returns the record; never throws, because even a malformed request has to be logged. */
export function makeLogRecord(facts: LogFacts): LogRecord {
  const ms = Math.round(Number(facts.requestTime ?? 0) * 1000) || 0
  const end = Math.round(Number(facts.msec ?? 0) * 1000) || 0
  return {
    v: 1,
    at: end - ms,
    id: facts.id ?? '',
    uid: facts.uid ? facts.uid : null,
    ip: facts.ip ?? '',
    method: methodOf(facts.requestLine ?? ''),
    path: (facts.target ?? '').split('?', 1)[0]?.slice(0, MAX_PATH) ?? '',
    proto: facts.proto ?? '',
    status: Number(facts.status ?? 0) || 0,
    done: facts.completion === 'OK',
    ms,
    in: Number(facts.bytesIn ?? 0) || 0,
    out: Number(facts.bytesOut ?? 0) || 0,
    up: lastNumber(facts.upstreamStatus),
    upms: lastMs(facts.upstreamHeaderTime),
    gate: facts.verdict ?? '',
    ua: (facts.userAgent ?? '').slice(0, MAX_USER_AGENT),
  }
}

/** Returns the method, or nothing of a line that does not begin with one (RFC 9112 §3). */
function methodOf(requestLine: string): string {
  return /^([A-Z_-]+) \S/.exec(requestLine)?.[1]?.slice(0, MAX_METHOD) ?? ''
}

function lastNumber(list: string | undefined): number | null {
  const last = list?.split(/[,:] */).at(-1)
  return last === undefined || !/^\d+(\.\d+)?$/.test(last) ? null : Number(last)
}

function lastMs(list: string | undefined): number | null {
  const value = lastNumber(list)
  return value === null ? null : Math.round(value * 1000)
}
