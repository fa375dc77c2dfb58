/**
 * The texts that search looks through. The newest are read one after the other, which finds what is
 * frequent; older ones are found by the index, which finds what is rare.
 */

import type { SearchQuery } from '../domain/search-query.ts'
import { SNIPPET_CHARACTERS, SNIPPET_LEAD } from '../domain/search-snippet.ts'
import { Failure } from '../failure.ts'
import { containing } from './like-pattern.ts'
import type { Database, Queries, SqlValue } from './mysql.ts'

/** A text that has all phrases. */
export interface FoundText {
  /** Place in the order of finds, decimal. */
  readonly id: string
  readonly conversation_id: string
  readonly title: string
  readonly message_id: string | null
  readonly role: 'user' | 'assistant' | null
  readonly created_at: Date
  /** Around the first phrase; at most SNIPPET_CHARACTERS. */
  readonly excerpt: string
  /** Where it begins in the text, from 1 on. */
  readonly excerpt_start: string
  /** Characters of the whole text. */
  readonly length: string
}

export interface FoundTexts {
  /** Newest first, at most `limit`. */
  readonly texts: readonly FoundText[]
  /** All newer texts were looked at, this one too; undefined if all were. */
  readonly reached: string | undefined
}

export interface ConversationTexts {
  /**
   * Returns what is found in the texts older than `before`. A search that would take too long ends
   * early, perhaps without a find, and goes on from `reached`.
   */
  find(
    uid: string,
    query: SearchQuery,
    before: string | undefined,
    limit: number,
  ): Promise<FoundTexts>
  /** Adds texts of turns that have ended; returns false if there were none to add. */
  addSome(): Promise<boolean>
}

/**
 * Texts that are read in one step (5 ms if they are short), and how many instead if that takes too long;
 * and steps of one search.
 */
const STEP_TEXTS = [1000, 30, 1] as const
const MAX_STEPS = 2
/** One step is not waited for longer, ms; a text may be as long as an answer. */
const READ_TIMEOUT_MS = 400
/** The index is not waited for longer (ms): its cost grows with the texts of all people. */
const INDEX_TIMEOUT_MS = 600
/** MySQL looks at the clock between two texts, so it may tell a little late, ms. */
const ANSWER_MS = 600

const TURNS_AT_ONCE = 20
/** MySQL moves its full-text index to disk now and then, and whoever adds to it waits (ms). */
const ADD_TIMEOUT_MS = 5000

/** More than any id. */
const NEWEST = '18446744073709551615'

export function createConversationTexts(db: Database): ConversationTexts {
  /** Returns where a step down from `before` ends, undefined if there is no more text then. */
  async function stepEnd(uid: string, before: string, size: number): Promise<string | undefined> {
    const [row] = await db.query<{ id: string }>(
      `SELECT id FROM conversation_texts WHERE user_id = ? AND id < ?
       ORDER BY user_id DESC, id DESC LIMIT 1 OFFSET ?`,
      [uid, before, size - 1],
    )
    return row?.id
  }

  function read(uid: string, query: SearchQuery, before: string, end: string, limit: number) {
    const index = 'FORCE INDEX (conversation_texts_user)'
    const place = 't.user_id = ? AND t.id < ? AND t.id >= ?'
    return select(db, query, index, place, [uid, before, end], limit, READ_TIMEOUT_MS)
  }

  /**
   * Reads a step down from `before`, a smaller one if it takes too long. A single text that does is passed
   * over, so that the search comes on.
   */
  async function readStep(uid: string, query: SearchQuery, before: string, limit: number) {
    let end: string | undefined
    for (const size of STEP_TEXTS) {
      end = await stepEnd(uid, before, size)
      const found = await read(uid, query, before, end ?? '0', limit).catch(unlessTooSlow)
      if (found !== undefined) return { found, end, isSlow: size < STEP_TEXTS[0] }
    }
    return { found: [], end, isSlow: true }
  }

  function ask(uid: string, query: SearchQuery, pairs: string, before: string, limit: number) {
    const place = 'MATCH (t.body) AGAINST (? IN BOOLEAN MODE) AND t.user_id = ? AND t.id < ?'
    return select(db, query, '', place, [pairs, uid, before], limit, INDEX_TIMEOUT_MS)
  }

  return {
    async find(uid, query, before, limit) {
      const texts: FoundText[] = []
      let end: string | undefined = before ?? NEWEST
      let pairs = query.pairs
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const read = await readStep(uid, query, end, limit - texts.length)
        texts.push(...read.found)
        end = read.end
        if (texts.length === limit) return { texts, reached: texts.at(-1)?.id }
        if (end === undefined) return { texts, reached: undefined }
        if (pairs !== undefined) {
          const found = await ask(uid, query, pairs, end, limit - texts.length).catch(unlessTooSlow)
          if (found !== undefined) {
            texts.push(...found)
            return { texts, reached: texts.length === limit ? texts.at(-1)?.id : undefined }
          }
          pairs = undefined
        }
        if (read.isSlow) break
      }
      return { texts, reached: end }
    },

    async addSome() {
      const ended = await db.query<{ id: string; parent_id: string; user_id: string | null }>(
        `SELECT m.id, m.parent_id, c.user_id FROM messages m FORCE INDEX (messages_text_due)
         STRAIGHT_JOIN conversations c ON c.id = m.conversation_id
         WHERE m.text_due = TRUE ORDER BY m.text_due, m.id LIMIT ?`,
        [TURNS_AT_ONCE],
      )
      if (ended.length === 0) return false
      // One by one: locks of the conversations' rows would keep people waiting.
      for (const { id, parent_id, user_id } of ended) {
        if (user_id !== null) await addTurnTexts(db, user_id, parent_id, id)
      }
      const done = 'UPDATE messages SET text_due = NULL WHERE id IN (?)'
      await db.execute(done, [ended.map(({ id }) => id)])
      return true
    },
  }
}

function select(
  db: Queries,
  { phrases }: SearchQuery,
  index: string,
  place: string,
  values: readonly SqlValue[],
  limit: number,
  timeoutMs: number,
): Promise<FoundText[]> {
  const [first = ''] = phrases
  const start = `GREATEST(1, CAST(LOCATE(?, t.body) AS SIGNED) - ${SNIPPET_LEAD})`
  return db.query<FoundText>(
    `SELECT /*+ MAX_EXECUTION_TIME(${timeoutMs}) */ t.id, t.conversation_id, c.title, t.message_id, m.role,
       COALESCE(m.created_at, c.created_at) AS created_at,
       SUBSTRING(t.body, ${start}, ${SNIPPET_CHARACTERS}) AS excerpt,
       CAST(${start} AS CHAR) AS excerpt_start, CAST(CHAR_LENGTH(t.body) AS CHAR) AS length
     FROM conversation_texts t ${index}
     STRAIGHT_JOIN conversations c ON c.id = t.conversation_id AND c.user_id = t.user_id
     LEFT JOIN messages m ON m.id = t.message_id
     WHERE ${place}${' AND t.body LIKE ?'.repeat(phrases.length)}
     ORDER BY t.id DESC LIMIT ?`,
    [first, first, ...values, ...phrases.map(containing), limit],
    { timeoutMs: timeoutMs + ANSWER_MS },
  )
}

/** If MySQL is away altogether, the next statement tells. */
function unlessTooSlow(error: unknown): undefined {
  if (!(error instanceof Failure) || error.code !== 'storage_unavailable') throw error
}

/** Adds question and answer of an ended turn, what of them has text and is not there yet. */
async function addTurnTexts(
  db: Queries,
  uid: string,
  questionId: string,
  answerId: string,
): Promise<void> {
  await db.execute(
    `INSERT INTO conversation_texts (user_id, conversation_id, message_id, body)
     SELECT ?, m.conversation_id, m.id, m.content FROM messages m
     WHERE m.id IN (?, ?) AND m.content <> ''
     ON DUPLICATE KEY UPDATE conversation_texts.message_id = conversation_texts.message_id`,
    [uid, questionId, answerId],
    { timeoutMs: ADD_TIMEOUT_MS },
  )
}

/** Adds the title that a person gave to a conversation whose title search does not know yet. */
export async function addTitleText(
  tx: Queries,
  uid: string,
  conversationId: string,
  title: string,
): Promise<void> {
  await tx.execute(
    'INSERT INTO conversation_texts (user_id, conversation_id, body) VALUES (?, ?, ?)',
    [uid, conversationId, title],
  )
}

/**
 * Makes a title that a person gave the one that is found, in a transaction that has locked the conversation.
 * The older one is looked for first: deleting what is not there would lock the gap into which others add.
 */
export async function replaceTitleText(
  tx: Queries,
  uid: string,
  conversationId: string,
  title: string,
): Promise<void> {
  const older = await tx.query<{ id: string }>(
    'SELECT id FROM conversation_texts WHERE conversation_id = ? AND message_id IS NULL',
    [conversationId],
  )
  for (const { id } of older) await tx.execute('DELETE FROM conversation_texts WHERE id = ?', [id])
  await addTitleText(tx, uid, conversationId, title)
}
