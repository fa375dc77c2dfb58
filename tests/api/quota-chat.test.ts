/** Quotas of people who chat: what is reserved, sent to the provider, refused and counted. */

import assert from 'node:assert/strict'
import { quotaHoldsKey, quotaKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { assertProblem } from '../support/problem.ts'
import { moneyPer, personWithin, setQuotas, standingOf, tokensPer } from '../support/quotas.ts'
import { withRedis } from '../support/redis.ts'
import { sqlRows } from '../support/sql.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack()

const SCRIPT = 'standin: tokens=20 delay=0'
/** What a message of so many bytes reserves for the prompt (domain/quota.ts). */
const promptOf = (message: string) => Buffer.byteLength(message) + 32 + 256

async function maxTokensOf(plan: Plan, id: string): Promise<unknown> {
  return (await recordedCalls(plan, id))[0]?.body['max_tokens']
}

function holdsOf(plan: Plan, uid: string) {
  return withRedis(plan, (redis) => redis.hgetall(quotaHoldsKey(uid)))
}

stackTest('nothing is asked of Redis or the provider without a quota', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id } = await wholeChat(client, SCRIPT)
  assert.equal(await maxTokensOf(plan, id), undefined)
  const keys = [quotaKey(account.id), quotaHoldsKey(account.id)]
  assert.equal(await withRedis(plan, (redis) => redis.exists(...keys)), 0)
  assert.deepEqual((await client.send('/api/me/quota')).json(), {
    quotas: [],
    timezone: 'Asia/Shanghai',
  })
})

stackTest('the provider is told 8192 tokens where the quota has more', async ({ plan }) => {
  const { client } = await personWithin(plan, tokensPer('day', 100_000))
  const { id } = await wholeChat(client, SCRIPT)
  assert.equal(await maxTokensOf(plan, id), 8192)
  const row = await settledRow(plan, id)
  const used = row.prompt_tokens + row.completion_tokens
  const { used: told, reserved, left } = await standingOf(client)
  assert.deepEqual([told, reserved, left], [used, 0, 100_000 - used])
})

stackTest('it is told what is left where that is less', async ({ plan }) => {
  const { client } = await personWithin(plan, tokensPer('month', 3000), tokensPer('day', 2000))
  const { id } = await wholeChat(client, SCRIPT)
  assert.equal(await maxTokensOf(plan, id), 2000 - promptOf(SCRIPT))
})

stackTest(
  'what a running answer may use is reserved, and given back at its end',
  async ({ plan }) => {
    const { client, account } = await personWithin(plan, tokensPer('day', 20_000))
    const message = 'standin: stall=2 delay=0'
    const { id, events } = await startChat(client, message)
    await readFirstContent(events)
    const reserved = promptOf(message) + 8192
    assert.equal((await standingOf(client)).reserved, reserved)
    assert.deepEqual(Object.keys(await holdsOf(plan, account.id)), [id])
    const [row] = await sqlRows(plan, 'SELECT * FROM token_usage WHERE request_id = ?', [id])
    assert.equal(row?.['held_tokens'], reserved)
    await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
    await rest(events)
    const { prompt_tokens, completion_tokens } = await settledRow(plan, id)
    const standing = await standingOf(client)
    assert.deepEqual([standing.used, standing.reserved], [prompt_tokens + completion_tokens, 0])
    assert.deepEqual(await holdsOf(plan, account.id), {})
  },
)

stackTest(
  'who has less than 256 tokens left is refused, kindly, and nothing is kept',
  async ({ plan }) => {
    const amount = promptOf(SCRIPT) + 255
    const { client, account, admin } = await personWithin(plan, tokensPer('day', amount))
    for (const [lang, words] of [
      ['zh-CN', /额度将于 \d{4}-\d\d-\d\d 00:00 \(Asia\/Shanghai\) 恢复，还需 .+。$/],
      ['en', /It begins anew at \d{4}-\d\d-\d\d 00:00 \(Asia\/Shanghai\), in .+\.$/],
    ] as const) {
      const headers = { 'Accept-Language': lang }
      const answer = await client.send('/api/chat', { headers, body: { message: SCRIPT } })
      const problem = assertProblem(answer, 429, 'quota_exhausted')
      assert.match(problem.detail, words)
      const wait = Date.parse(problem.resets_at ?? '') - Date.now()
      assert.match(problem.resets_at ?? '', /T16:00:00\.000Z$/)
      assert.ok(Math.abs(Number(answer.headers['retry-after']) - wait / 1000) < 5)
      assert.equal(problem.retryAfter, Number(answer.headers['retry-after']))
    }
    const rows = await sqlRows(plan, 'SELECT 1 FROM token_usage WHERE user_id = ?', [account.id])
    const kept = await sqlRows(plan, 'SELECT 1 FROM conversations WHERE user_id = ?', [account.id])
    assert.deepEqual([rows, kept], [[], []])
    // One more is enough.
    await setQuotas(admin, account.id, tokensPer('day', amount + 1))
    const { id } = await wholeChat(client, SCRIPT)
    assert.equal(await maxTokensOf(plan, id), 256)
  },
)

stackTest('a turn that cannot begin gives its reservation back', async ({ plan }) => {
  const { client, account } = await personWithin(plan, tokensPer('day', 20_000))
  const { client: other } = await signedIn(plan)
  const made = await other.send('/api/conversations', { body: {} })
  const conversation_id = made.json<{ id: string }>().id
  for (const parent_id of [null, undefined]) {
    const body = { message: SCRIPT, conversation_id, parent_id }
    assertProblem(await client.send('/api/chat', { body }), 404, 'conversation_not_found')
  }
  assert.deepEqual(await holdsOf(plan, account.id), {})
  assert.equal((await standingOf(client)).reserved, 0)
})

stackTest(
  'money bounds the answer by its price, and is counted as it is charged',
  async ({ plan }) => {
    const { client } = await personWithin(plan, moneyPer('day', '0.01'))
    const { id } = await wholeChat(client, SCRIPT)
    const [prices] = await sqlRows(
      plan,
      `SELECT IF(reserved_cost > 0, held_tokens, 0) AS held, reserved_cost, cost, started_at
     FROM token_usage WHERE request_id = ?`,
      [id],
    )
    const told = Number(await maxTokensOf(plan, id))
    // 1 or 2 yuan for a million tokens of the prompt, 4 or 8 for the answer, by the hour of the day.
    const fits = [1, 2].map((factor) => {
      const prompt = promptOf(SCRIPT) * factor * 10_000
      return Math.floor((100_000_000 - prompt) / (4 * factor * 10_000))
    })
    assert.ok(fits.includes(told), `${told} is none of ${fits}`)
    assert.equal(Number(prices?.['held']), promptOf(SCRIPT) + told)
    assert.ok(Number(prices?.['reserved_cost']) <= 0.01)
    const { used, reserved, left } = await standingOf(client)
    assert.equal(Number(used), Number(prices?.['cost']))
    assert.equal(reserved, '0')
    assert.equal(Math.round((Number(left) + Number(used)) * 1e10), 1e8)
  },
)

stackTest('a quota counts what was used before it was set', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { client: admin } = await signedIn(plan, 'admin')
  const { id } = await wholeChat(client, 'standin: tokens=900 delay=0')
  const row = await settledRow(plan, id)
  await setQuotas(admin, account.id, tokensPer('day', row.completion_tokens + 500))
  const body = { message: SCRIPT }
  assertProblem(await client.send('/api/chat', { body }), 429, 'quota_exhausted')
  await setQuotas(admin, account.id)
  assert.equal((await wholeChat(client, SCRIPT)).events.at(-1)?.event, 'done')
})
