import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { limitKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { allEvents } from '../support/chat-stream.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { withRedis } from '../support/redis.ts'
import { sqlRows } from '../support/sql.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

/** Returns the lines of the worker's log that name the request. */
async function workerLines(plan: Plan, id: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(plan.layout.logs, 'worker.log'), 'utf8')
  const lines = text.split('\n').filter((line) => line.includes(id))
  return lines.map((line) => JSON.parse(line))
}

stackTest(
  'one chat has one id, from the response header to the call of the model',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const response = await client.open('/api/chat', {
      body: { message: 'standin: text=hi delay=0' },
    })
    const id = String(response.headers['x-request-id'])
    assert.match(id, /^[0-9a-f]{32}$/)
    const [start] = await allEvents(response)
    assert.equal(start?.event, 'start')
    assert.equal(start?.data['request_id'], id)
    assert.equal(start?.data['generation_id'], id)

    const members = await withRedis(plan, (redis) =>
      redis.zrange(limitKey(`u:${account.id}`, 'chat', 60), 0, '-1'),
    )
    assert.deepEqual(members, [id])
    const [line, ...others] = await workerLines(plan, id)
    assert.equal(line?.['requestId'], id)
    assert.equal(line?.['path'], '/api/chat')
    assert.deepEqual(others, [])
    const [call, ...more] = await recordedCalls(plan, id)
    assert.equal(call?.headers['x-request-id'], id)
    assert.deepEqual(more, [])
    const usage = await sqlRows(plan, 'SELECT user_id FROM token_usage WHERE request_id = ?', [id])
    assert.deepEqual(
      usage.map(({ user_id }) => String(user_id)),
      [account.id],
    )
    const row = await awaitLog(plan, id)
    assert.equal(row.path, '/api/chat')
    assert.equal(row.user_id, account.id)
  },
)

stackTest('the id of a refusal is in its body, its header and its log row', async ({ plan }) => {
  const { client } = await signedIn(plan)
  // Refused by the gate, by nginx itself and by the worker.
  for (const [path, status, code] of [
    ['/admin/api/keys', 403, 'admin_only'],
    ['/nothing', 404, 'not_found'],
    ['/api/nothing', 404, 'not_found'],
  ] as const) {
    const { request_id } = assertProblem(await client.send(path), status, code)
    const row = await awaitLog(plan, request_id)
    assert.deepEqual([row.path, row.status], [path, status])
  }
})

stackTest('every request has an id of its own, on one connection too', async ({ plan }) => {
  const client = new Client(plan)
  const ids = new Set<unknown>()
  for (let count = 0; count < 20; count++) {
    ids.add((await client.send('/api/me')).headers['x-request-id'])
  }
  assert.equal(ids.size, 20)
})

stackTest('an id that the client sends is neither used nor passed on', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const claimed = 'c0ffee'.padEnd(32, '0')
  const answer = await client.send('/api/chat', {
    body: { message: 'standin: text=hi delay=0', stream: false },
    headers: { 'X-Request-Id': claimed, 'X-Request-ID': claimed, 'Request-Id': claimed },
  })
  assert.equal(answer.status, 200)
  const id = String(answer.headers['x-request-id'])
  assert.notEqual(id, claimed)
  assert.equal(answer.json()['generation_id'], id)
  assert.deepEqual(await workerLines(plan, claimed), [])
  assert.deepEqual(await recordedCalls(plan, claimed), [])
  assert.equal((await recordedCalls(plan, id)).length, 1)
  const members = await withRedis(plan, (redis) =>
    redis.zrange(limitKey(`u:${account.id}`, 'chat', 60), 0, '-1'),
  )
  assert.deepEqual(members, [id])
})
