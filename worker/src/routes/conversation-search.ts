/** GET /api/conversations/search: messages and titles that hold all that is looked for. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { Page, SearchHit } from '#contract/api.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { MAX_PHRASES, parseSearch, type SearchQuery } from '../domain/search-query.ts'
import { snippetOf } from '../domain/search-snippet.ts'
import type { FoundText } from '../stores/conversation-texts.ts'
import * as Schema from './conversation-schema.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParam, pageOf, readCursor } from './paging.ts'
import { wrongField } from './wrong-field.ts'

const MAX_QUERY_CHARACTERS = 200

const Search = z.strictObject({
  q: z.string().max(MAX_QUERY_CHARACTERS),
  limit: limitParam,
  cursor: cursorParam,
})

const searchConversations = operation({
  id: 'searchConversations',
  method: 'get',
  path: '/api/conversations/search',
  tag: 'Conversations',
  summary: 'Finds messages and titles that hold all words and all "phrases" of a query.',
  access: 'user',
  isLimited: true,
  query: Search,
  answers: {
    200: {
      description: 'The newest first. A page may be short, even empty, and still not be the last.',
      schema: pageOf(Schema.SearchHit),
    },
  },
})

export const CONVERSATION_SEARCH_OPERATIONS: readonly OperationSpec[] = [searchConversations]

export function conversationSearchRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const cursors = createCursors(deps.env.workerSecret, 'conversation search')

  serve(app, searchConversations, async (c, { who, query }) => {
    const { q, limit, cursor } = query
    const wanted = queryOf(c, q)
    const [before] = readCursor(cursors, cursor) ?? []
    const { texts, reached } = await deps.conversationTexts.find(who.uid, wanted, before, limit)
    const page: Page<SearchHit> = {
      items: texts.map((text) => hit(text, wanted)),
      next: reached === undefined ? null : cursors.encode([reached]),
    }
    return c.json(page)
  })

  return app
}

function queryOf(c: AppContext, text: string): SearchQuery {
  const query = parseSearch(text)
  if (query === undefined) throw wrongField(c, 'q', NOTHING)
  if (query.phrases.length > MAX_PHRASES) throw wrongField(c, 'q', TOO_MANY)
  return query
}

function hit(text: FoundText, { phrases }: SearchQuery): SearchHit {
  const start = Number(text.excerpt_start)
  const excerpt = {
    text: text.excerpt,
    isCutBefore: start > 1,
    isCutAfter: start - 1 + [...text.excerpt].length < Number(text.length),
  }
  return {
    conversation_id: text.conversation_id,
    title: text.title,
    message_id: text.message_id,
    role: text.role,
    created_at: text.created_at.toISOString(),
    ...snippetOf(excerpt, phrases),
  }
}

const NOTHING = { en: 'There is nothing to look for.', 'zh-CN': '没有要搜索的内容。' }
const TOO_MANY = {
  en: `At most ${MAX_PHRASES} words or quoted phrases.`,
  'zh-CN': `最多 ${MAX_PHRASES} 个词语或带引号的短语。`,
}
