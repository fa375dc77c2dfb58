/** The quick way and the long way answer the same (njs/src/nginx/quick.ts). */

import assert from 'node:assert/strict'
import type { Answer, Send } from '../support/client.ts'
import { knownTo, type Person } from '../support/gate-people.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const CHAT = { message: 'hello\nstandin: text=hi delay=0', stream: false }

/** What of an answer the gate decides; the seconds left differ with the time of asking. */
function outline({ status, headers }: Answer) {
  const rate = String(headers['ratelimit']).replace(/t=\d+/, 't=')
  return [status, rate, headers['ratelimit-policy'], headers['retry-after'] !== undefined]
}

async function sixChats({ client }: Person, headers: Send['headers'] = {}) {
  const outlines: unknown[] = []
  for (let count = 0; count < 6; count++) {
    outlines.push(outline(await client.send('/api/chat', { body: CHAT, headers })))
  }
  return outlines
}

stackTest('five chats and a refusal, with the same headers', async ({ plan }) => {
  const [quick, long] = [await knownTo(plan), await knownTo(plan)]
  const origin = { Origin: `https://127.0.0.1:${plan.settings.httpsPort}` }
  const expected = await sixChats(long, origin)
  assert.deepEqual(await sixChats(quick), expected)
  assert.deepEqual(
    expected.map((answer) => (answer as unknown[])[0]),
    [200, 200, 200, 200, 200, 429],
  )
})

stackTest('a cached read with the same body, for users and admins', async ({ plan }) => {
  for (const role of ['user', 'admin'] as const) {
    const { client } = await knownTo(plan, role)
    const [[name, value] = ['', '']] = client.cookies
    const cookies = [`a=1; ${name}=${value}; b=2`, `a=1;${name}=${value}`, `${name}=${value} ; b=2`]
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
