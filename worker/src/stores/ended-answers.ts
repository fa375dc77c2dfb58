/** Answers as MySQL has them: what is left to show when no worker holds one any more. */

import type { ChatEvents } from '#contract/chat-events.ts'
import type { ProblemCode } from '#contract/problem-codes.ts'
import { createAnswer } from '../domain/answer.ts'
import { type LiveAnswer, overAnswer } from '../domain/live-answer.ts'
import type { TurnEnding } from '../domain/turn.ts'
import { Failure } from '../failure.ts'
import type { Queries } from './mysql.ts'
import { USAGE_COLUMNS, type UsageRow, usageOf } from './usage-columns.ts'

export interface StoredAnswer {
  readonly start: ChatEvents['start']
  /** Undefined while its row is open: some worker runs it, or has died. */
  readonly over: LiveAnswer | undefined
}

export interface EndedAnswers {
  /**
   * Returns a user's answer, or undefined if there is none or its conversation is deleted.
   * @throws {Failure} storage_unavailable
   */
  find(uid: string, generationId: string): Promise<StoredAnswer | undefined>
}

interface AnswerRow extends UsageRow {
  readonly conversation_id: string
  readonly user_message_id: string
  readonly message_id: string
  readonly content: string
  readonly reasoning: string | null
}

/** Why an answer failed is known to its worker only; of the row's kinds each has one code. */
const FAILURES: Readonly<Record<string, ProblemCode>> = {
  upstream_error: 'upstream_interrupted',
  timeout: 'upstream_timeout',
  interrupted: 'shutting_down',
}

export function createEndedAnswers(db: Queries): EndedAnswers {
  return {
    async find(uid, generationId) {
      const [row] = await db.query<AnswerRow>(
        `SELECT m.conversation_id, m.parent_id AS user_message_id, m.id AS message_id, m.content,
           m.reasoning, ${USAGE_COLUMNS}
         FROM token_usage u JOIN messages m ON m.request_id = u.request_id AND m.role = 'assistant'
         JOIN conversations c ON c.id = m.conversation_id AND c.user_id = u.user_id
         WHERE u.request_id = ? AND u.user_id = ?`,
        [generationId, uid],
      )
      return row === undefined ? undefined : stored(generationId, row)
    },
  }
}

function stored(id: string, row: AnswerRow): StoredAnswer {
  const start = {
    generation_id: id,
    conversation_id: row.conversation_id,
    user_message_id: row.user_message_id,
    message_id: row.message_id,
    model: row.model_requested,
    request_id: id,
  }
  if (row.usage_state === 'open') return { start, over: undefined }
  const answer = createAnswer()
  answer.reasoning.append(row.reasoning ?? '')
  answer.content.append(row.content)
  const code = FAILURES[row.ending]
  const isTold = code === undefined || row.content !== '' || row.reasoning !== null
  const over = overAnswer(start, answer, {
    ending: row.ending as TurnEnding,
    finishReason: row.finish_reason,
    usage: isTold ? usageOf(row) : undefined,
    failure: code && new Failure(code),
  })
  return { start, over }
}
