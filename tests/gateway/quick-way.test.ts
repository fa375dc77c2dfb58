/** The quick way and the long way answer the same (njs/src/nginx/quick.ts). */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Answer, Send } from '../support/client.ts'
import { knownTo, type Person, strangerTo } from '../support/gate-people.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const CHAT = { message: 'hello\nstandin: text=hi delay=0', stream: false }

/** What only the gate writes, and what differs between any two answers. */
const HEADERS = ['ratelimit', 'ratelimit-policy', 'retry-after', 'content-type', 'cache-control']
const SECONDS = /\bt=\d+|"retryAfter":\d+|\b\d+ (?:s|秒)|^\d+$/g

function outline({ status, headers, text }: Answer) {
  const id = String(headers['x-request-id'])
  const said = HEADERS.map((name) => headers[name]?.toString().replace(SECONDS, 't'))
  const body = status < 400 ? '' : text.replace(id, 'id').replace(SECONDS, 't')
  return [status, body, ...said]
}

/** Without Sec-Fetch-Site a request goes the long way. */
function asOlderBrowser(plan: Plan): Send['headers'] {
  return { Origin: `https://127.0.0.1:${plan.settings.httpsPort}` }
}

async function sevenChats({ client }: Person, headers: Send['headers'] = {}) {
  const outlines: (readonly unknown[])[] = []
  for (let count = 0; count < 7; count++) {
    outlines.push(outline(await client.send('/api/chat', { body: CHAT, headers })))
  }
  return outlines
}

for (const language of ['en', 'zh-CN']) {
  stackTest(`five chats and refusals, by Redis and from memory, in ${language}`, async (stack) => {
    const { plan } = stack
    const accepts = { 'Accept-Language': language }
    const expected = await sevenChats(await knownTo(plan), { ...accepts, ...asOlderBrowser(plan) })
    assert.deepEqual(await sevenChats(await knownTo(plan), accepts), expected)
    assert.deepEqual(
      expected.map(([status]) => status),
      [200, 200, 200, 200, 200, 429, 429],
    )
    assert.deepEqual(expected[6], expected[5])
  })
}

stackTest('the first requests of sessions that this gate has never seen', async ({ plan }) => {
  const [quick, long] = [await strangerTo(plan), await strangerTo(plan)]
  const headers = { ...asOlderBrowser(plan) }
  const expected = outline(await long.client.send('/api/chat', { body: CHAT, headers }))
  assert.deepEqual(outline(await quick.client.send('/api/chat', { body: CHAT })), expected)
  assert.equal(expected[0], 200)
})

stackTest('forged cookies', async ({ plan }) => {
  const { client } = await knownTo(plan)
  const [[name, value] = ['', '']] = client.cookies
  const forged = `${name}=${value.slice(0, -3)}AAA`
  for (const language of ['en', 'zh-CN']) {
    const ask = async (Cookie: string) =>
      outline(await client.send('/api/me', { headers: { Cookie, 'Accept-Language': language } }))
    // A blank before the next cookie is nothing that browsers send.
    const expected = await ask(`${forged} ; a=1`)
    assert.deepEqual(await ask(forged), expected)
    assert.equal(expected[0], 401)
  }
})

stackTest('a cached read with the same body, for users and admins', async ({ plan }) => {
  for (const role of ['user', 'admin'] as const) {
    const { client } = await knownTo(plan, role)
    const [[name, value] = ['', '']] = client.cookies
    const cookies = [
      `a=1; ${name}=${value}; b=2`,
      `a=1;${name}=${value}`,
      `${name}=${value} ; b=2`,
      `${name}= ${value}`,
    ]
    const answers: Answer[] = []
    for (const Cookie of cookies)
      answers.push(await client.send('/api/me', { headers: { Cookie } }))
    const [first] = answers
    for (const answer of answers) {
      assert.equal(answer.status, 200)
      assert.equal(answer.text, first?.text)
    }
    assert.equal(first?.json()['role'], role)
  }
})

stackTest('a cookie whose name only ends the same is nobody', async ({ plan }) => {
  const { client } = await knownTo(plan)
  const [[name, value] = ['', '']] = client.cookies
  for (const Cookie of [`x${name}=${value}`, `a=1; x${name}=${value}`, `a=1;x${name}=${value}`]) {
    assert.equal((await client.send('/api/me', { headers: { Cookie } })).status, 401, Cookie)
  }
})
