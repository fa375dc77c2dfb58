/** Search over messages and titles, in English and Chinese. */

import assert from 'node:assert/strict'
import type { Page, SearchHit } from '#contract/api.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type Account, signedIn } from '../support/accounts.ts'
import { only, wholeChat } from '../support/chat.ts'
import type { Client } from '../support/client.ts'
import {
  CONVERSATIONS,
  plantConversation,
  plantTexts,
  searchFor,
} from '../support/conversations.ts'
import { assertProblem } from '../support/problem.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

/** Longest that 95 of 100 searches may take, ms. */
const P95_MS = 200
/** What else runs on the machine makes a measurement worse, never better. */
const ATTEMPTS = 3
const MANY = 10_000
const SEARCHES = [
  'gate',
  '网关',
  'e',
  '琴',
  'xylophone',
  '木琴',
  'no such thing',
  '"limit token"',
  'stream billing 限流',
]

const snippetsOf = ({ items }: Page<SearchHit>) => items.map(({ snippet }) => snippet)
const marked = ({ snippet, highlights }: SearchHit) =>
  highlights.map(([start, end]) => snippet.slice(start, end))

const TEXTS = [
  'How does the rate limit of the gateway work?',
  'It is a sliding log: at most 5 requests in any 60 s.',
  '网关的限流算法是什么？',
  '它使用滑动日志，任意六十秒内最多五次请求。',
  'Naïve Café, C++ 100% 50_000 {a\\b} it’s "quoted"',
  'The limits are in tunables.conf; rates are per minute.',
]

/** Returns the id of the conversation. */
async function plantSearchable(plan: Plan, account: Account, texts: readonly string[]) {
  const { id } = await plantConversation(plan, account, texts)
  await plantTexts(plan, account, id)
  return id
}

stackTest('words are found anywhere in a text, whatever their case', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await plantSearchable(plan, account, TEXTS)
  const at = (...indexes: number[]) => indexes.map((index) => TEXTS[index])
  for (const [text, found] of [
    ['rate limit', at(5, 0)],
    ['"rate limit"', at(0)],
    ['RATE', at(5, 0)],
    ['imit', at(5, 0)],
    ['限流', at(2)],
    ['滑动日志', at(3)],
    ['“任意六十秒” 请求', at(3)],
    ['限流 滑动', []],
    ['网', at(2)],
    ['秒', at(3)],
    ['5', at(4, 1)],
    ['什么？', at(2)],
    ['naive cafe', at(4)],
    ['C++', at(4)],
    ['100%', at(4)],
    ['50_000', at(4)],
    ['5_000', []],
    ['10%0', []],
    ['a\\b', at(4)],
    ['{a', at(4)],
    ['it’s', at(4)],
    ['is a', at(1)],
    ['-limit', []],
    ['limit*', []],
    ['+rate -minute', []],
    ["' OR '1'='1", []],
    ['zzz nothing', []],
  ] as const) {
    assert.deepEqual(snippetsOf(await searchFor(client, text)), found, text)
  }
})

stackTest('a find tells where it is and what of it was meant', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const message = `standin: delay=0 text="答案在这里 ${'word '.repeat(60)}end"`
  const { events } = await wholeChat(client, message)
  const start = only(events, 'start').data
  const { items } = await waitFor(async () => {
    const page = await searchFor(client, '答案 WORD')
    if (page.items.length === 0) throw new Error('search does not know the turn yet')
    return page
  }, 10_000)
  assert.deepEqual(
    items.map(({ message_id, role, conversation_id }) => [message_id, role, conversation_id]),
    [
      [start['message_id'], 'assistant', start['conversation_id']],
      [start['user_message_id'], 'user', start['conversation_id']],
    ],
  )
  const [answer] = items
  assert.ok(answer !== undefined)
  assert.ok(answer.snippet.startsWith('答案在这里 word') && answer.snippet.endsWith('…'))
  assert.equal(answer.snippet.length, 161)
  assert.deepEqual([...new Set(marked(answer))], ['答案', 'word'])
  const [end] = (await searchFor(client, 'word end')).items
  assert.ok(end !== undefined)
  assert.ok(Math.abs(Date.parse(end.created_at) - Date.now()) < 60_000)
})

stackTest('a title that somebody gave is found, and the old one is not', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const made = await client.send(CONVERSATIONS, { body: { title: 'Reisepläne 旅行计划' } })
  const id = String(made.json()['id'])
  for (const text of ['旅行', 'reiseplane']) {
    const [found, ...more] = (await searchFor(client, text)).items
    assert.deepEqual([found?.conversation_id, found?.message_id, more], [id, null, []], text)
  }
  await client.send(`${CONVERSATIONS}/${id}`, { method: 'PATCH', body: { title: '预算' } })
  assert.deepEqual((await searchFor(client, '旅行')).items, [])
  assert.equal((await searchFor(client, '预算')).items[0]?.title, '预算')
})

stackTest("others' texts and deleted ones are not found", async ({ plan }) => {
  const [owner, other] = await Promise.all([signedIn(plan), signedIn(plan, 'admin')])
  const id = await plantSearchable(plan, owner.account, ['a secret xylophone'])
  assert.deepEqual((await searchFor(other.client, 'xylophone')).items, [])
  assert.equal((await searchFor(owner.client, 'xylophone')).items.length, 1)
  await owner.client.send(`${CONVERSATIONS}/${id}`, { method: 'DELETE' })
  assert.deepEqual((await searchFor(owner.client, 'xylophone')).items, [])
})

/** Reads all pages. */
async function pagesOf(client: Client, text: string, limit: number) {
  const pages: (readonly SearchHit[])[] = []
  let next: string | null = ''
  while (next !== null) {
    const page: Page<SearchHit> = await searchFor(
      client,
      text,
      `&limit=${limit}${next && `&cursor=${next}`}`,
    )
    pages.push(page.items)
    next = page.next
  }
  return pages
}

stackTest('texts that take long are searched some at a time', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'user', 'api=2000')
  // A phrase that almost is everywhere in a text: five milliseconds for each of them, a second for all.
  const dots = '.'.repeat(100)
  const texts = Array.from({ length: 200 }, () => '.'.repeat(10_000))
  await plantSearchable(plan, account, [`${dots}!`, ...texts])
  const first = await searchFor(client, `${dots}!`)
  assert.deepEqual(first.items, [])
  assert.notEqual(first.next, null)
  const running = `SELECT INFO FROM information_schema.PROCESSLIST
    WHERE INFO LIKE '%conversation_texts%' AND ID <> CONNECTION_ID()`
  assert.deepEqual(await sqlRows(plan, running), [], 'MySQL reads on')
  const pages = await pagesOf(client, `${dots}!`, 5)
  assert.deepEqual(
    pages.flat().map(({ snippet }) => snippet),
    [`${dots}!`],
  )
})

stackTest('eight words or phrases are looked for at once, and no more', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  await plantSearchable(plan, account, ['a b c d e f g h i'])
  assert.equal((await searchFor(client, 'a b c d e f g "h i"')).items.length, 1)
  const refused = await client.send(`${CONVERSATIONS}/search?q=a+b+c+d+e+f+g+h+i`)
  const { errors } = assertProblem(refused, 400, 'invalid_request')
  assert.deepEqual(errors, [{ field: 'q', message: 'At most 8 words or quoted phrases.' }])
})

const WORDS = 'gate limit token answer stream worker billing nginx redis mysql'.split(' ')
const HAN = '网关限流会话搜索导出消息历史数据库缓存模型回答问题用户管理员令牌统计'

/** Texts of about 450 characters whose words come again and again; some with a rare one. */
function manyTexts(): readonly string[] {
  return Array.from({ length: MANY }, (_, index) => {
    const words = Array.from({ length: 50 }, (_, n) => WORDS[(index * 7 + n * n) % WORDS.length])
    const han = Array.from({ length: 100 }, (_, n) => HAN[(index * 3 + n * n) % HAN.length])
    const rare = index % 1000 === 5 ? ` xylophone 木琴演奏 ${index}` : ''
    return `${index} ${words.join(' ')} ${han.join('')}${rare}`
  })
}

/** Returns how long 95 of 100 searches take at most, ms. */
async function p95Of(client: Client): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 8; round += 1) {
    for (const text of SEARCHES) {
      const began = performance.now()
      await searchFor(client, text)
      times.push(performance.now() - began)
    }
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? Number.NaN
}

stackTest('among ten thousand messages everything is found, in time', async ({ plan }) => {
  const { client, account } = await signedIn(plan, 'user', 'api=2000')
  await plantSearchable(plan, account, manyTexts())
  const expected = Array.from({ length: 10 }, (_, index) => `${9005 - index * 1000}`)
  for (const text of ['xylophone', '木琴演奏', '琴', 'xylophone 木琴 gate']) {
    const hits = (await pagesOf(client, text, 4)).flat()
    const numbers = hits.map(({ snippet }) => / (\d+)…?$/.exec(snippet)?.[1])
    assert.deepEqual(numbers, expected, text)
    assert.equal(new Set(hits.map(({ message_id }) => message_id)).size, 10)
  }
  const p95s: number[] = []
  while (p95s.length < ATTEMPTS && (p95s.at(-1) ?? P95_MS) >= P95_MS) {
    p95s.push(await p95Of(client))
  }
  assert.ok(Math.min(...p95s) < P95_MS, `95 % of the searches took ${p95s.join(', ')} ms`)
})
