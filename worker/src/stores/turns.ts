/** A turn in MySQL: its messages and its usage row begin together. */

import { createCombiner } from '../domain/combiner.ts'
import { buildPrompt, type StoredMessage, titleOf } from '../domain/conversation-context.ts'
import type { Reservation } from '../domain/quota.ts'
import { estimateTokens, THINKING_OVERHEAD } from '../domain/token-estimate.ts'
import type { Turn } from '../domain/turn.ts'
import type { ChatCall } from '../domain/upstream-event.ts'
import { Failure, isAway } from '../failure.ts'
import {
  addAnswer,
  addQuestion,
  checkParent,
  findParent,
  makeConversation,
  readChain,
  touchConversation,
} from './conversations.ts'
import { repeatDeadlocked } from './deadlocks.ts'
import type { Database, ExecuteResult, Queries, Statement } from './mysql.ts'
import { openUsage } from './token-usage.ts'

/** What a person asked. */
export interface Question {
  readonly requestId: string
  readonly uid: string
  /** Undefined: the question `parentId` is to be answered once more. */
  readonly message: string | undefined
  /** Undefined: a new conversation. */
  readonly conversationId: string | undefined
  /**
   * The answer from which the message goes on; null: a beginning of the conversation; undefined: where
   * the conversation has come to.
   */
  readonly parentId: string | null | undefined
  /** Most tokens of the prompt. */
  readonly room: number
  readonly apiKeyId: string
  readonly call: Omit<ChatCall, 'messages' | 'requestId' | 'maxTokens'>
  /** Asked before anything is stored; what it throws is thrown. */
  readonly reserve: (messages: ChatCall['messages']) => Promise<Reservation>
}

export interface Turns {
  /**
   * Stores the question, the open answer and the open usage row, and returns the turn with its
   * prompt. @throws {Failure} conversation_not_found, message_not_found, answer_running,
   * invalid_request for a parent of the wrong kind, storage_unavailable
   */
  begin(question: Question): Promise<Turn>
}

/**
 * Turns that begin while so many transactions are under way begin together: to commit costs more than
 * what a turn adds. Two, so that nobody waits for a whole one that has just begun.
 */
const ADDING_AT_ONCE = 2
/** Most statements of a transaction; a turn takes six. */
const TOGETHER = 100

/** @param workerId names this process in token_usage */
export function createTurns(db: Database, workerId: string): Turns {
  const addSoon = createCombiner({
    run: (lists: readonly (readonly Statement[])[]) => addAll(db, lists),
    atOnce: ADDING_AT_ONCE,
    mostWeight: TOGETHER,
    weightOf: (statements) => statements.length,
    isGeneral: isAway,
  })

  return {
    async begin(question) {
      const { requestId, uid, apiKeyId } = question
      const { message, questionId, parentId, earlier } = await readPlace(db, question)
      const known = question.conversationId
      const prompt = buildPrompt(message, earlier, question.room)
      const reserved = await question.reserve(prompt.messages)
      const { at: startedAt, maxTokens } = reserved
      const call = {
        ...{ ...question.call, requestId, messages: prompt.messages },
        ...(maxTokens !== undefined && { maxTokens }),
      }
      const promptEstimate = prompt.tokens + (call.thinking ? THINKING_OVERHEAD : 0)
      const { content, tokens } = message
      const open = { requestId, uid, workerId, apiKeyId, model: call.model, startedAt }
      const added = { requestId, at: startedAt }
      const [conversation, , , asked, ...rest] = await addSoon([
        ...(known === undefined
          ? makeConversation(uid, titleOf(content), startedAt)
          : touchConversation(uid, known, content, startedAt)),
        openUsage({ ...open, promptEstimate, reserved }),
        ...(questionId === undefined
          ? addQuestion(added, parentId, content, tokens)
          : [{ sql: 'SET @question = ?', params: [questionId] }]),
        addAnswer(added),
      ])
      const answer = rest.at(-1)
      if (!conversation?.affectedRows || !answer) throw new Failure('conversation_not_found')
      return {
        ...{ id: requestId, uid, call, promptEstimate, startedAt },
        conversationId: known ?? conversation.insertId,
        userMessageId: questionId ?? asked?.insertId ?? '',
        messageId: answer.insertId,
      }
    },
  }
}

/** Runs lists of statements in one transaction and returns what each list did. */
async function addAll(
  db: Database,
  lists: readonly (readonly Statement[])[],
): Promise<readonly (readonly ExecuteResult[])[]> {
  const done = await repeatDeadlocked(() => db.atomically(lists.flat()))
  let at = 0
  return lists.map(({ length }) => {
    at += length
    return done.slice(at - length, at)
  })
}

/** Where in a conversation a turn belongs. */
interface Place {
  readonly message: StoredMessage & { readonly tokens: number }
  /** The message's id if it is stored already. */
  readonly questionId: string | undefined
  /** Of a message that is not stored yet. */
  readonly parentId: string | null
  /** The chain of messages before it, newest first, as far as the context can reach. */
  readonly earlier: readonly StoredMessage[]
}

/** @throws {Failure} what `begin` throws about conversation and parent */
async function readPlace(db: Queries, question: Question): Promise<Place> {
  const { uid, conversationId, room } = question
  if (question.message === undefined) {
    const { parentId: questionId } = question
    if (conversationId === undefined || !questionId) throw new Failure('message_not_found')
    await checkParent(db, uid, conversationId, questionId, 'user')
    const [asked, ...earlier] = await readChain(db, questionId, room)
    if (asked === undefined) throw new Failure('message_not_found')
    const tokens = asked.tokens ?? estimateTokens(asked.content)
    return { message: { ...asked, tokens }, questionId, parentId: null, earlier }
  }
  const content = question.message
  const message = { role: 'user', content, tokens: estimateTokens(content) } as const
  const parentId =
    conversationId === undefined ? null : await parentOf(db, conversationId, question)
  const earlier = parentId === null ? [] : await readChain(db, parentId, room)
  return { message, questionId: undefined, parentId, earlier }
}

/** A beginning needs no parent; that the conversation is the asker's shows when it is touched. */
async function parentOf(
  db: Queries,
  conversationId: string,
  { uid, parentId }: Question,
): Promise<string | null> {
  if (parentId === undefined) return findParent(db, uid, conversationId)
  if (parentId !== null) await checkParent(db, uid, conversationId, parentId, 'assistant')
  return parentId
}
