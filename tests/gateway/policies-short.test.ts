/** Waiting: whoever does as the refusal says is let in, and nobody earlier. */

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { signedIn } from '../support/accounts.ts'
import type { Answer, Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { rateLimit } from '../support/rate-limit.ts'
import { useStack } from '../support/test-stack.ts'

const WINDOW_MS = 2000
/** Times are told in whole milliseconds on the way. */
const ROUNDING_MS = 20
const { stackTest } = useStack({ GATE_LIMIT_CHAT: '"chat";q=2;w=2', GATE_FLOOD: 'off' })

function chat(client: Client): Promise<Answer> {
  return client.send('/api/chat', { body: { message: 'standin: text=hi delay=0', stream: false } })
}

/** Sends chats until one is refused, and returns the refusal. */
async function overLimit(client: Client): Promise<Answer> {
  for (;;) {
    const answer = await chat(client)
    if (answer.status === 429) return answer
    assert.equal(answer.status, 200, answer.text)
  }
}

stackTest('whoever waits for Retry-After is let in', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (let round = 0; round < 3; round++) {
    const refused = await overLimit(client)
    const { retryAfter = 0 } = assertProblem(refused, 429, 'rate_limited')
    assert.equal(String(retryAfter), refused.headers['retry-after'])
    assert.ok(retryAfter >= (rateLimit(refused.headers, 'chat').reset ?? 0))
    await pause(retryAfter * 1000)
    const answer = await chat(client)
    assert.equal(answer.status, 200, answer.text)
  }
})

stackTest('whoever does not wait is let in no earlier, and no later either', async ({ plan }) => {
  const { client } = await signedIn(plan)
  /** When each chat was sent and answered. */
  const [admitted, refused]: [Times[], Times[]] = [[], []]
  const end = performance.now() + 4 * WINDOW_MS
  while (performance.now() < end) {
    const sent = performance.now()
    const { status } = await chat(client)
    const times = { sent, answered: performance.now() }
    ;(status === 200 ? admitted : refused).push(times)
  }
  assert.ok(refused.length > admitted.length && admitted.length >= 6)
  for (const [index, { sent }] of admitted.entries()) {
    const third = admitted[index + 2]
    if (third !== undefined) assert.ok(third.answered - sent >= WINDOW_MS, 'too early')
  }
  for (const { sent } of refused) {
    const since = sent - WINDOW_MS - ROUNDING_MS
    const counting = admitted.filter((chat) => chat.answered > since && chat.sent < sent)
    assert.ok(counting.length >= 2, 'refused with room')
  }
})

interface Times {
  readonly sent: number
  readonly answered: number
}
