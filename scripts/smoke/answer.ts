/** A message and its answer, word by word, and what it cost. */

import { setTimeout as delay } from 'node:timers/promises'
import type { UsageRecord, UsageSummary } from '#contract/api.ts'
import { allEvents, textOf } from '../../tests/support/chat-stream.ts'
import type { Client } from '../../tests/support/client.ts'
import { expect, type Steps } from './steps.ts'

/** Sends a message and looks at its tokens; returns the request id of the call. */
export async function walkAnswer(client: Client, step: Steps): Promise<string> {
  let requestId = ''
  await step('POST /api/chat streams the answer in', async () => {
    const response = await ask(client)
    requestId = String(response.headers['x-request-id'])
    const events = await allEvents(response)
    const parts = events.filter(({ event }) => event === 'content')
    const [first, last] = [parts[0], parts.at(-1)]
    expect(events.at(-1)?.event === 'done', `ended with ${events.at(-1)?.event}`)
    expect(first !== undefined && last !== undefined && parts.length > 3, `${parts.length} parts`)
    expect(last.at - first.at > 20, 'the whole answer came at once')
    const text = textOf(events, 'content')
    return `${parts.length} parts over ${Math.round(last.at - first.at)} ms: ${text.slice(0, 60)}…`
  })
  await step('GET /dashboard and its numbers', async () => {
    const page = await client.send('/dashboard')
    expect(page.status === 200, String(page.status))
    const summary = (await client.send('/api/usage/summary')).json<UsageSummary>()
    const records = (await client.send('/api/usage/records')).json<{ items: UsageRecord[] }>()
    const record = records.items.find((item) => item.request_id === requestId)
    expect(record !== undefined, 'the answer has no record')
    expect(summary.today.total_tokens >= record.total_tokens, 'today is less than the answer')
    const { today, week, month, total } = summary
    return `this answer ${record.total_tokens} tokens; today ${today.total_tokens}, week ${week.total_tokens}, month ${month.total_tokens}, total ${total.total_tokens}`
  })
  return requestId
}

/** A walk right after another one finds the limit used up: then it waits as it is told to. */
async function ask(client: Client) {
  while (true) {
    const response = await client.open('/api/chat', { body: { message: 'Hello, who are you?' } })
    if (response.statusCode === 200) return response
    const seconds = Number(response.headers['retry-after'])
    expect(response.statusCode === 429 && seconds > 0, `answered ${response.statusCode}`)
    response.resume()
    console.log(`    the limit of an earlier walk still holds; waiting ${seconds} s`)
    await delay(seconds * 1000)
  }
}
