/** Turns what nginx knows in its log phase into a log record. */

/** The nginx variables of which a record is made; undefined or empty where nginx has no value. */
export interface LogVariables {
  readonly request_id?: string | undefined
  readonly gate_logged_user?: string | undefined
  readonly remote_addr?: string | undefined
  /** The first line as sent. The variable for the method alone says GET once an error page is served. */
  readonly request?: string | undefined
  /** The request target as sent, query included; empty if nginx could not parse the first line. */
  readonly request_uri?: string | undefined
  readonly server_protocol?: string | undefined
  /** Three digits; 000 if the client was gone before there was one. */
  readonly status?: string | undefined
  /** `OK` if the whole answer was sent. */
  readonly request_completion?: string | undefined
  /** Seconds with milliseconds. */
  readonly request_time?: string | undefined
  readonly request_length?: string | undefined
  readonly bytes_sent?: string | undefined
  /** One value per server tried, comma-separated; the last one answered. */
  readonly upstream_status?: string | undefined
  readonly upstream_header_time?: string | undefined
  readonly gate_verdict?: string | undefined
  readonly http_user_agent?: string | undefined
}

const MAX_METHOD = 32
const MAX_PATH = 512
const MAX_USER_AGENT = 256

/**
 * Returns the record (contract/log-record.ts, LogRecord) as one line of JSON; never throws, because
 * even a malformed request has to be logged.
 *
 * Every request pays for this, and JSON.stringify of a whole record costs four times as much. So it
 * is left to what a client wrote; the rest are numbers and words of nginx and the gate, in which there
 * is nothing to escape.
 * @param now Unix ms at the end of the request
 */
export function logLine(v: LogVariables, now: number): string {
  const ms = milliseconds(Number(v.request_time))
  const target = v.request_uri ?? ''
  const uid = v.gate_logged_user
  const up = lastOf(v.upstream_status)
  const waited = up === null ? null : lastOf(v.upstream_header_time)
  const upms = waited === null ? null : milliseconds(waited)
  return `{"v":1,"at":${now - ms},"id":"${v.request_id ?? ''}","uid":${uid ? `"${uid}"` : null},"ip":"${
    v.remote_addr ?? ''
  }","method":${quoted(methodOf(v.request ?? '', target))},"path":${quoted(pathOf(target))},"proto":"${
    v.server_protocol ?? ''
  }","status":${Number(v.status ?? 0)},"done":${v.request_completion === 'OK'},"ms":${ms},"in":${
    v.request_length ?? 0
  },"out":${v.bytes_sent ?? 0},"up":${up},"upms":${upms},"gate":"${v.gate_verdict ?? ''}","ua":${quoted(
    (v.http_user_agent ?? '').slice(0, MAX_USER_AGENT),
  )}}`
}

/** Returns the method as sent; nothing of a line that nginx could not parse. */
function methodOf(requestLine: string, target: string): string {
  if (target === '') return ''
  return requestLine.slice(0, Math.min(requestLine.indexOf(' '), MAX_METHOD))
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return target.slice(0, query < 0 ? MAX_PATH : Math.min(query, MAX_PATH))
}

/** Rounds by way of an integer, which is a fraction of the cost of Math.round; holds for 24 days. */
function milliseconds(seconds: number): number {
  return (seconds * 1000 + 0.5) | 0
}

/** Returns the last number of a list as nginx writes it (`502, 200`), or null if there is none. */
function lastOf(list: string | undefined): number | null {
  if (list === undefined || list === '') return null
  const last = Number(list.slice(list.lastIndexOf(' ') + 1))
  return Number.isNaN(last) ? null : last
}

/** Texts that came before, as JSON: the same few programs ask for the same few paths. */
const quotedTexts = new Map<string, string>()
const MAX_QUOTED = 64

/** Returns JSON.stringify(text), which costs most of a record, from memory if it can. */
function quoted(text: string): string {
  const known = quotedTexts.get(text)
  if (known !== undefined) return known
  const json = JSON.stringify(text)
  if (quotedTexts.size >= MAX_QUOTED) quotedTexts.clear()
  quotedTexts.set(text, json)
  return json
}
