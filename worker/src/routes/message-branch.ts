/**
 * A branch of a conversation, page by page. Without a word about it that is the newest one, from its end
 * up; `leaf` begins at another message, and `below` goes down from one, at each fork to the newest.
 * Messages of a page stand in the order in which they are read, whichever way the pages go.
 */

import { z } from 'zod'
import type { MessageView, Page } from '#contract/api.ts'
import type { AppContext } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import { idParam } from './ids.ts'
import { cursorParam, limitParamOf, readCursor } from './paging.ts'
import { wrongField } from './wrong-field.ts'

const PAGE = 30
/** Messages may be megabytes long; long ones fill a page before (conversation-messages.ts). */
const MAX_PAGE = 50

/** At most one of cursor, leaf and below. */
export const BranchQuery = z.strictObject({
  limit: limitParamOf(PAGE, MAX_PAGE),
  cursor: cursorParam,
  leaf: idParam.optional().meta({ description: 'Begin at this message and go up.' }),
  below: idParam
    .optional()
    .meta({ description: 'Go down from this message, at each fork to the newest.' }),
})

type Direction = 'up' | 'down'

interface Position {
  readonly direction: Direction
  /** Upward the first message of the page, downward the last before it. */
  readonly id: string
}

/** Returns what answers a request for a page of a conversation that is the asker's. */
export function messageBranch({ env, conversationMessages: messages }: Deps) {
  const cursors = createCursors(env.workerSecret, 'messages')

  return async (
    c: AppContext,
    conversationId: string,
    { limit, cursor, leaf, below }: z.output<typeof BranchQuery>,
  ): Promise<Page<MessageView>> => {
    if ([cursor, leaf, below].filter((each) => each !== undefined).length > 1) {
      throw wrongField(c, cursor === undefined ? 'below' : 'cursor', ONE_BEGINNING)
    }
    const parts = readCursor(cursors, cursor)
    const start =
      parts === undefined
        ? await beginning(conversationId, leaf, below)
        : resumed(c, conversationId, parts)
    if (start === undefined) return { items: [], next: null }
    const { direction, id } = start
    const next = (from: string | null | undefined) =>
      from == null ? null : cursors.encode([conversationId, direction, from])
    if (direction === 'down') {
      const { items, hasMore } = await messages.downFrom(conversationId, id, limit)
      return { items, next: next(hasMore ? items.at(-1)?.id : null) }
    }
    const items = await messages.upFrom(conversationId, id, limit)
    return { items: items.toReversed(), next: next(items.at(-1)?.parent_id) }
  }

  /** @throws {Failure} message_not_found */
  async function beginning(
    conversationId: string,
    leaf: string | undefined,
    below: string | undefined,
  ): Promise<Position | undefined> {
    const named = leaf ?? below
    if (named === undefined) {
      const id = await messages.newest(conversationId)
      return id === undefined ? undefined : { direction: 'up', id }
    }
    if (!(await messages.has(conversationId, named))) throw new Failure('message_not_found')
    return { direction: leaf === undefined ? 'down' : 'up', id: named }
  }
}

/** A cursor leads on in its own conversation only. */
function resumed(c: AppContext, conversationId: string, parts: readonly string[]): Position {
  const [conversation, direction, id = ''] = parts
  if (conversation !== conversationId) throw wrongField(c, 'cursor', OTHER_CONVERSATION)
  return { direction: direction === 'down' ? 'down' : 'up', id }
}

const ONE_BEGINNING = {
  en: 'Only one of cursor, leaf and below at a time.',
  'zh-CN': 'cursor、leaf 与 below 只能使用其中一个。',
}
const OTHER_CONVERSATION = {
  en: 'This is a cursor of another conversation.',
  'zh-CN': '该游标属于另一个对话。',
}
