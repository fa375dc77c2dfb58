/** What an administrator sees and sets. */

import type { ApiKeyView, ProxyLogView, UsageRecord } from '#contract/api.ts'
import type { Client } from '../../tests/support/client.ts'
import { awaitRows, sqlRun } from '../../tests/support/sql.ts'
import type { Plan } from '../stack/plan.ts'
import { expect, type Steps } from './steps.ts'

const KEY_ALIAS = 'smoke'

/** Looks for the call in the admin's records and logs, and stores an API key for a moment. */
export async function walkAdmin(
  plan: Plan,
  client: Client,
  step: Steps,
  requestId: string,
): Promise<void> {
  await step('GET /admin shows the record of the answer', async () => {
    const page = await client.send('/admin')
    expect(page.status === 200, String(page.status))
    const records = (await client.send('/admin/api/usage/records')).json<{ items: UsageRecord[] }>()
    const record = records.items.find((item) => item.request_id === requestId)
    expect(record !== undefined, 'the record is missing')
    return `${record.username}, ${record.model}, ${record.ending}, ${record.total_tokens} tokens`
  })
  await step('POST /admin/api_key stores a key and shows its last four characters', async () => {
    const key = 'sk-smoke-walk-0000000000000000beef'
    try {
      const body = { api_key: key, alias: KEY_ALIAS, base_url: 'http://127.0.0.1:9' }
      const answer = await client.send('/admin/api_key', { body })
      expect(answer.status === 200, `${answer.status} ${answer.text}`)
      const { keys } = (await client.send('/admin/api/keys')).json<{ keys: ApiKeyView[] }>()
      const stored = keys.find(({ alias }) => alias === KEY_ALIAS)
      expect(stored?.last4 === 'beef', `last four: ${stored?.last4}`)
      expect(!JSON.stringify(keys).includes('sk-smoke'), 'the key came back whole')
      return `…${stored.last4}`
    } finally {
      await sqlRun(plan, 'DELETE FROM api_keys WHERE alias = ?', [KEY_ALIAS])
    }
  })
  await step('GET /admin/api/logs shows the request in proxy_logs', async () => {
    await awaitRows(plan, 'SELECT 1 FROM proxy_logs WHERE request_id = ?', [requestId])
    const logs = (await client.send('/admin/api/logs?path=/api/chat')).json<{
      items: ProxyLogView[]
    }>()
    const row = logs.items.find((item) => item.request_id === requestId)
    expect(row?.status === 200 && row.completed, JSON.stringify(row))
    return `${row.method} ${row.path} ${row.status} in ${row.duration_ms} ms`
  })
}
