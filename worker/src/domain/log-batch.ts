/** Reading of log batches: what nginx wrote is checked line by line before it meets MySQL. */

import { z } from 'zod'
import type { LogRecord } from '#contract/log-record.ts'

export interface RejectedLine {
  readonly line: string
  readonly reason: string
}

export interface LogBatch {
  readonly records: readonly LogRecord[]
  readonly rejected: readonly RejectedLine[]
}

const DAY_MS = 86_400_000
/** Older records would be dropped with their partition at once. */
const MAX_AGE_MS = 30 * DAY_MS
/** A gate whose clock is further ahead than this is wrong. */
const MAX_AHEAD_MS = DAY_MS

const UINT32_MAX = 4_294_967_295

const ascii = (max: number) =>
  z
    .string()
    .regex(/^[\x20-\x7e]*$/)
    .max(max)
const status = z.int().min(0).max(999)
const milliseconds = z.int().min(0).max(UINT32_MAX)
const bytes = z.int().min(0)

/** The columns of proxy_logs; fields that a newer gate adds are ignored. */
const Line: z.ZodType<LogRecord> = z.object({
  v: z.literal(1),
  at: z.int(),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  uid: z
    .string()
    .regex(/^[1-9]\d{0,19}$/)
    .nullable(),
  ip: ascii(45),
  method: ascii(32),
  path: z.string().max(512),
  proto: ascii(16),
  status,
  done: z.boolean(),
  ms: milliseconds,
  in: bytes,
  out: bytes,
  up: status.nullable(),
  upms: milliseconds.nullable(),
  gate: ascii(64),
  ua: z.string().max(256),
})

/**
 * Returns the records of a batch, and the lines that are none with the reason. Nothing that a line
 * holds can make it throw.
 * @param text JSON records, one a line; empty lines are skipped
 * @param now Unix ms
 */
export function parseLogBatch(text: string, now: number): LogBatch {
  const records: LogRecord[] = []
  const rejected: RejectedLine[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const result = parseLine(line, now)
    if (typeof result === 'string') rejected.push({ line, reason: result })
    else records.push(result)
  }
  return { records, rejected }
}

function parseLine(line: string, now: number): LogRecord | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  const result = Line.safeParse(value)
  if (!result.success) {
    const [issue] = result.error.issues
    return `${issue?.path.join('.') || 'record'}: ${issue?.message}`
  }
  const { at } = result.data
  if (at < now - MAX_AGE_MS) return 'at: too old'
  if (at > now + MAX_AHEAD_MS) return 'at: in the future'
  return result.data
}
