/** A refusal is a page for whoever looks at it, and a problem for whatever parses it. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Answer, Send } from '../support/client.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { newAddress, PlayedClient, signedInFrom, TRUSTING } from '../support/played-client.ts'
import { assertProblem } from '../support/problem.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { assertGateHeaders } from '../support/response-headers.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({ ...TRUSTING, GATE_LIMIT_LOGIN: '"login";q=2;w=60' })

/** As browsers ask for a page. */
const HTML = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const CHINESE = { 'Accept-Language': 'zh-CN,zh;q=0.9' }

/** Pages have no limit of their own unless an operator gives them one. */
let prepared: Promise<void> | undefined
function pageTest(name: string, run: (plan: Plan) => Promise<void>): void {
  stackTest(name, async ({ plan }) => {
    prepared ??= editNginx(plan, {
      'servers/gateway.conf': (text) =>
        text
          .replace('location = /chat {', `$& set $gate_limit '"pages";q=1;w=60';`)
          .replace('location = /dashboard {', `$& set $gate_limit '"slow";q=1;w=86400';`)
          .replace('location = /admin {', `$& set $gate_limit '"middle";q=1;w=3600';`),
    })
    await prepared
    await run(plan)
  })
}

function form(client: PlayedClient, headers: Send['headers'] = {}): Promise<Answer> {
  return client.send('/login', {
    body: 'username=nobody&password=wrong',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  })
}

/** Asserts that the answer is a page of that status and returns what a person reads. */
function assertPage(answer: Answer, status: number, lang: 'en' | 'zh-CN'): string {
  assert.equal(answer.status, status, answer.text)
  assert.match(String(answer.headers['content-type']), /^text\/html/)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assertGateHeaders(answer.headers, `a page of ${status}`)
  assert.match(answer.text, new RegExp(`<html lang="${lang}">`))
  assert.doesNotMatch(answer.text, /<!--|an error occurred while processing/)
  return answer.text.replace(/^.*<main[^>]*>|<\/main>.*$/gs, '').replace(/<[^>]+>/g, '')
}

pageTest('a page over its limit says so, and when to try again', async (plan) => {
  const { client } = await signedInFrom(plan, newAddress())
  assert.equal((await client.send('/chat', { headers: HTML })).status, 200)
  for (const [headers, lang, text] of [
    [HTML, 'en', /Too many requests.*You can try again in (\d+) s\./s],
    [{ ...HTML, ...CHINESE }, 'zh-CN', /请求过于频繁.*请在 (\d+) 秒后重试。/s],
  ] as const) {
    const answer = await client.send('/chat', { headers })
    const [, told] = text.exec(assertPage(answer, 429, lang)) ?? []
    assert.equal(answer.headers['retry-after'], told)
    assert.ok(Number(told) > 30 && Number(told) <= 60, `${told} s`)
    const { remaining, reset } = rateLimit(answer.headers, 'pages')
    assert.deepEqual([remaining, reset], [0, Number(told)])
  }
})

pageTest('a program gets the whole problem at the same address', async (plan) => {
  const { client } = await signedInFrom(plan, newAddress())
  assert.equal((await client.send('/chat')).status, 200)
  for (const headers of [{}, { Accept: '*/*' }, { Accept: 'application/json' }]) {
    const answer = await client.send('/chat', { headers })
    const problem = assertProblem(answer, 429, 'rate_limited')
    assert.deepEqual(problem['violated-policies'], ['pages'])
    assert.equal(String(problem.retryAfter), answer.headers['retry-after'])
    assert.match(problem.detail, /^At most 1 per minute\. Please try again in \d+ s\.$/)
  }
})

pageTest('long waits are told in hours and minutes', async (plan) => {
  const { client } = await signedInFrom(plan, newAddress(), 'admin')
  for (const path of ['/dashboard', '/admin']) {
    assert.equal((await client.send(path, { headers: HTML })).status, 200)
  }
  const day = await client.send('/dashboard', { headers: HTML })
  assert.match(assertPage(day, 429, 'en'), /You can try again in 24 h\./)
  assert.ok(Number(day.headers['retry-after']) > 86_000)
  const hour = await client.send('/admin', { headers: { ...HTML, ...CHINESE } })
  assert.match(assertPage(hour, 429, 'zh-CN'), /请在 60 分钟后重试。/)
  const problem = assertProblem(await client.send('/dashboard'), 429, 'rate_limited')
  assert.match(problem.detail, /^At most 1 per day\. Please try again in 24 h\.$/)
})

pageTest('a form sent too often gets a page, a program its problem', async (plan) => {
  const client = new PlayedClient(plan, newAddress())
  for (let n = 0; n < 2; n++) assert.equal((await form(client, HTML)).status, 303)
  const page = await form(client, HTML)
  assert.match(assertPage(page, 429, 'en'), /You can try again in \d+ s\./)
  // The way back is the form, by GET.
  assert.match(page.text, /<a class="button button-strong" href="">/)
  const chinese = await form(client, { ...HTML, ...CHINESE })
  assert.match(assertPage(chinese, 429, 'zh-CN'), /请在 \d+ 秒后重试。/)
  const problem = assertProblem(await form(client), 429, 'rate_limited')
  assert.deepEqual(problem['violated-policies'], ['login'])
  const json = await client.send('/login', {
    headers: HTML,
    body: { username: 'a', password: 'b' },
  })
  assertProblem(json, 429, 'rate_limited')
})

pageTest('a page that nothing makes wait tells no time', async (plan) => {
  const { client } = await signedInFrom(plan, newAddress())
  const missing = await client.send('/nothing-here', { headers: HTML })
  assert.doesNotMatch(assertPage(missing, 404, 'en'), /try again in/)
  assert.equal(missing.headers['retry-after'], undefined)
  const forbidden = await client.send('/admin', { headers: { ...HTML, ...CHINESE } })
  assert.doesNotMatch(assertPage(forbidden, 403, 'zh-CN'), /后重试/)
})

pageTest('APIs answer with problems, whatever a browser would like', async (plan) => {
  const { client } = await signedInFrom(plan, newAddress())
  assertProblem(await client.send('/api/nothing', { headers: HTML }), 404, 'not_found')
  assertProblem(
    await new PlayedClient(plan, newAddress()).send('/api/me', { headers: HTML }),
    401,
    'unauthenticated',
  )
})
