/** Whether the books are right: one settled row for each call, charged for what the provider sent. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { estimateTokens } from '../../worker/src/domain/token-estimate.ts'
import type { ScriptedAnswer } from './scripted-answer.ts'
import { sqlRows } from './sql.ts'
import { type RecordedCall, recordedCalls } from './standin-journal.ts'
import { type UsageRow, usageRows } from './usage-rows.ts'

/** A call of which a test knows what it asked for. */
export interface KnownCall {
  /** Request id. */
  readonly id: string
  readonly answer: ScriptedAnswer
}

/** What became of a known call. */
export interface Bill {
  readonly row: UsageRow
  /** The answer as it is kept. */
  readonly message: Message
  readonly call: RecordedCall
}

interface Message {
  readonly state: string
  readonly content: string
  readonly reasoning: string | null
}

/**
 * What the provider sends in this time may be lost when a process dies (ms): bytes on their way, and what
 * was not yet kept outside the process.
 */
const LOST_MS = 1500

/**
 * Returns the bill of a call after a look at everything that must hold for any ending.
 * @throws if there is not exactly one settled row, or if it is not for what was sent
 */
export async function checkedBill(plan: Plan, { id, answer }: KnownCall): Promise<Bill> {
  const [rows, calls, messages] = await Promise.all([
    usageRows(plan, id),
    recordedCalls(plan, id),
    sqlRows(
      plan,
      "SELECT state, content, reasoning FROM messages WHERE request_id = ? AND role = 'assistant'",
      [id],
    ),
  ])
  const [row, call] = [rows[0], calls[0]]
  assert.ok(row !== undefined && call !== undefined, `${id}: no row, or no call`)
  assert.deepEqual([rows.length, calls.length, messages.length], [1, 1, 1], id)
  const message = messages[0] as unknown as Message
  assert.equal(row.state, 'settled', id)
  checkTokens(row, call, id)
  checkText(message, row, call, answer, id)
  return { row, message, call }
}

/** What was reported is charged as it is; anything else is an estimate, and says so. */
function checkTokens(row: UsageRow, call: RecordedCall, id: string): void {
  if (row.estimated === 0) {
    const { usage } = call
    assert.ok(usage !== null && call.usage_reported, `${id}: exact, though nothing was reported`)
    assert.deepEqual(
      [row.prompt_tokens, row.cached_tokens, row.completion_tokens],
      [usage.prompt_tokens, usage.prompt_cache_hit_tokens, usage.completion_tokens],
      id,
    )
  } else {
    assert.equal(row.prompt_tokens, row.reserved_tokens, id)
    // A provider that reported is believed, unless its report was still on its way.
    if (call.usage_reported) assert.notEqual(row.ending, 'done', id)
  }
}

/** What is kept is the beginning of what was sent, and an estimate is that of the kept text. */
function checkText(
  message: Message,
  row: UsageRow,
  { tokens_sent: sent }: RecordedCall,
  answer: ScriptedAnswer,
  id: string,
): void {
  const reasoning = message.reasoning ?? ''
  const whole = answer.reasoningText(sent.reasoning) + answer.contentText(sent.content)
  const kept = reasoning + message.content
  assert.ok(whole.startsWith(kept), `${id}: kept ${kept}, sent ${whole}`)
  const losable = Math.ceil(LOST_MS / answer.delayMs)
  const least = Math.max(0, sent.reasoning + sent.content - losable)
  const leastText =
    answer.reasoningText(Math.min(least, sent.reasoning)) +
    answer.contentText(Math.max(0, least - sent.reasoning))
  assert.ok(kept.length >= leastText.length, `${id}: kept ${kept} of ${whole}`)
  if (row.estimated === 0) return
  const estimate = estimateTokens(reasoning) + estimateTokens(message.content)
  assert.equal(row.completion_tokens, estimate, id)
}

/** Columns that rows and rollups have in common. */
const SUMS = [
  ...['prompt_tokens', 'cached_tokens', 'completion_tokens', 'reasoning_tokens', 'cost'],
  'estimated',
]

/** Asserts that the rollups are the sums of the rows, of each hour, key, model and ending. */
export async function assertRollups(plan: Plan): Promise<void> {
  const hour = "DATE_FORMAT(started_at, '%Y-%m-%d %H:00:00')"
  const key = 'COALESCE(api_key_id, 0)'
  const model = 'COALESCE(model, model_requested)'
  const sums = SUMS.map((name) => `CAST(SUM(${name}) AS CHAR) AS ${name}`).join(', ')
  const groups = 'hour, api_key_id, model, ending'
  const raw = (owner: string) =>
    `SELECT ${owner} ${hour} AS hour, ${key} AS api_key_id, ${model} AS model, ending,
       CAST(COUNT(*) AS CHAR) AS requests, ${sums}
     FROM token_usage WHERE state = 'settled'
     GROUP BY ${owner} ${hour}, ${key}, ${model}, ending
     ORDER BY ${owner} ${groups}`
  const rollup = (owner: string, table: string) =>
    `SELECT ${owner} DATE_FORMAT(hour, '%Y-%m-%d %H:00:00') AS hour, api_key_id, model, ending,
       CAST(SUM(requests) AS CHAR) AS requests, ${sums}
     FROM ${table} GROUP BY ${owner} ${groups} ORDER BY ${owner} ${groups}`
  const [byUser, total] = await Promise.all([
    sqlRows(plan, raw('user_id,')),
    sqlRows(plan, raw('')),
  ])
  assert.deepEqual(await sqlRows(plan, rollup('user_id,', 'usage_hourly')), byUser)
  assert.deepEqual(await sqlRows(plan, rollup('', 'usage_hourly_total')), total)
}

/** Returns the request ids of the calls that are still open. */
export async function openCalls(plan: Plan): Promise<readonly string[]> {
  const rows = await sqlRows(plan, "SELECT request_id FROM token_usage WHERE state = 'open'")
  return rows.map((row) => String(row['request_id']))
}
