/**
 * Calls of programs that end because the worker dies or stops, because they break a limit, or because nobody
 * takes the answer: each has one settled row. Limits are short here.
 */

import assert from 'node:assert/strict'
import type { APIError } from 'openai'
import { callKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { estimateTokens } from '../../worker/src/domain/token-estimate.ts'
import { assertRollups } from '../support/books.ts'
import {
  beganWith,
  type Chunks,
  chunksOf,
  streamed,
  textOf,
  whole,
} from '../support/openai-calls.ts'
import { EVENT_STREAM, playedProvider } from '../support/played-provider.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { rawCall } from '../support/raw-program.ts'
import { withRedis } from '../support/redis.ts'
import { openAi, type ProgramOwner, programOwner } from '../support/sdk-clients.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow, type UsageRow, usageRows } from '../support/usage-rows.ts'

const IDLE_MS = 2000
const { stackTest } = useStack({
  WORKER_GRACE: '1s',
  WORKER_FIRST_PAYLOAD: '4s',
  WORKER_PAYLOAD_IDLE: `${IDLE_MS}ms`,
  WORKER_ANSWER_TIME: '12s',
  WORKER_ANSWER_BYTES: '32k',
  GATE_LIMIT_LOGIN: '"login";q=1000;w=60',
})
const provider = playedProvider()
const PROVOKES = /upstream prematurely closed|worker\.sock|recv\(\) failed/

/** Reads a stream until so much text is there, and goes on reading in the background. */
async function follow(owner: ProgramOwner, script: string, characters: number) {
  const { data, request_id } = await streamed(openAi(owner), script).withResponse()
  const chunks: Chunks[number][] = []
  let enough: () => void = () => {}
  const isEnough = new Promise<void>((resolve) => {
    enough = resolve
  })
  const over = (async () => {
    for await (const chunk of data) {
      chunks.push(chunk)
      if (textOf(chunks, 'content').length >= characters) enough()
    }
  })()
  over.catch(() => undefined)
  await isEnough
  return { id: request_id ?? '', over, text: () => textOf(chunks, 'content') }
}

async function failureOf(attempt: Promise<unknown>): Promise<APIError> {
  return attempt.then(
    () => assert.fail('it came to its end'),
    (error: unknown) => error as APIError,
  )
}

async function backAfter(plan: Plan, signal: NodeJS.Signals, meanwhile: () => Promise<void>) {
  const worker = signalPart(plan, 'worker', signal)
  await meanwhile()
  await successorOf(plan, 'worker', worker)
  await waitFor(async () => void (await programOwner(plan)), 20_000)
}

stackTest(
  'the calls of a killed worker are settled for what it had told, and the sums agree',
  async ({ plan }) => {
    const owner = await programOwner(plan)
    const running = await follow(owner, 'stall=40 tokens=60 reasoning=0 delay=5', 100)
    const mark = crypto.randomUUID()
    const waiting = failureOf(whole(openAi(owner), `headers=60000 text=x\n${mark}`))
    const waitingId = await beganWith(plan, mark)
    await waitFor(async () => {
      const told = await withRedis(plan, (redis) =>
        redis.get(callKey(owner.account.id, running.id)),
      )
      const { weight } = JSON.parse(told ?? '{}')
      assert.ok(Math.ceil(Number(weight?.rest) / 10) === estimateTokens(running.text()))
      assert.doesNotMatch(told ?? '', new RegExp(running.text().slice(0, 10)))
    }, 5000)
    const text = running.text()
    await backAfter(plan, 'SIGKILL', async () => {
      await assert.rejects(running.over)
      assert.ok([502, 503].includes((await waiting).status ?? 0))
    })
    const rows: UsageRow[] = []
    await waitFor(async () => {
      for (const id of [running.id, waitingId]) {
        const [row, ...more] = await usageRows(plan, id)
        assert.ok(row?.state === 'settled' && more.length === 0)
        rows.push(row)
      }
    }, 60_000)
    const [swept, unanswered] = rows.slice(-2)
    assert.deepEqual(
      [swept?.ending, swept?.estimate_method, swept?.prompt_tokens, swept?.completion_tokens],
      ['interrupted', 'weights-1', swept?.reserved_tokens, estimateTokens(text)],
    )
    assert.deepEqual(
      [unanswered?.ending, unanswered?.prompt_tokens, unanswered?.completion_tokens],
      ['interrupted', unanswered?.reserved_tokens, 0],
    )
    await assertRollups(plan)
    const left = await withRedis(plan, (redis) => redis.keys('*:call:*'))
    assert.deepEqual(left, [])
  },
  { provokes: PROVOKES },
)

stackTest(
  'a worker that stops lets calls finish, and says to the others that it goes away',
  async ({ plan }) => {
    const owner = await programOwner(plan)
    const long = await follow(owner, 'tokens=2000 reasoning=0 delay=20', 5)
    const short = await follow(owner, 'tokens=30 reasoning=0 delay=15', 5)
    const mark = crypto.randomUUID()
    const waiting = failureOf(whole(openAi(owner), `headers=60000 text=x\n${mark}`))
    const waitingId = await beganWith(plan, mark)
    await backAfter(plan, 'SIGTERM', async () => {
      await short.over
      const error = await failureOf(long.over)
      assert.deepEqual([error.code, error.type], ['shutting_down', 'server_error'])
      assert.deepEqual([(await waiting).status, (await waiting).code], [503, 'shutting_down'])
    })
    assert.equal((await settledRow(plan, short.id)).ending, 'done')
    for (const id of [long.id, waitingId]) {
      const row = await settledRow(plan, id)
      assert.deepEqual([row.ending, row.estimated], ['interrupted', 1])
      assert.ok(Number(row.cost) > 0)
    }
    assert.equal((await awaitEnd(plan, long.id)).ended, 'client_closed')
  },
  { provokes: PROVOKES },
)

stackTest('limits of time and size end a call with an error', async ({ plan }) => {
  const owner = await programOwner(plan)
  const silent = await follow(owner, 'stall=4 tokens=9 reasoning=0 keepalive=0.3', 2)
  const queued = openAi(owner)
  const [silence, queue, large] = await Promise.all([
    failureOf(silent.over),
    failureOf(streamed(queued, 'first=60000 keepalive=0.3 text=x').then(chunksOf)),
    failureOf(streamed(queued, 'tokens=20000 reasoning=0').then(chunksOf)),
  ])
  assert.equal(silence.code, 'upstream_timeout')
  assert.equal(queue.code, 'upstream_timeout')
  assert.equal(large.code, 'upstream_interrupted')
  const row = await settledRow(plan, silent.id)
  assert.deepEqual([row.ending, row.completion_tokens], ['timeout', estimateTokens(silent.text())])
  assert.equal((await awaitEnd(plan, silent.id)).ended, 'client_closed')
  const late = await failureOf(whole(openAi(owner), 'headers=60000 text=x'))
  assert.deepEqual([late.status, late.code], [504, 'upstream_timeout'])
})

stackTest('who takes nothing for long is gone, and the key is not to blame', async ({ plan }) => {
  const BLOCK = `: ${'x'.repeat(64 * 1024)}\n\n`
  let closed: () => void = () => {}
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  await provider.during(
    plan,
    ({ body, response }) => {
      response.writeHead(200, EVENT_STREAM)
      if (!String(body).includes('flood')) return void response.end(FINISHED)
      response.on('close', closed)
      response.write(`data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n`)
      const flood = () => {
        while (!response.destroyed && response.write(BLOCK));
      }
      response.on('drain', flood)
      flood()
    },
    async () => {
      const owner = await programOwner(plan)
      const messages = [{ role: 'user', content: 'flood' }]
      const asks = JSON.stringify({ model: 'deepseek-flash', stream: true, messages })
      const answer = await rawCall(plan, owner, asks)
      answer.socket.pause()
      await isClosed
      const id = /^x-request-id: (\w+)/im.exec(answer.head)?.[1] ?? ''
      const row = await settledRow(plan, id)
      assert.deepEqual([row.ending, row.completion_tokens], ['client_gone', estimateTokens('Hi')])
      assert.deepEqual(await chunksOf(await streamed(openAi(owner), 'again')), [
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      ])
      answer.socket.destroy()
    },
  )
})

const FINISHED =
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
