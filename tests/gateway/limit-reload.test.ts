/** A limit changed by `npm run reload` while people use the service. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, readUntil, rest, startChat } from '../support/chat.ts'
import type { StreamEvent } from '../support/chat-stream.ts'
import { type Answer, Client } from '../support/client.ts'
import { Installation } from '../support/installation.ts'
import { nginxProcesses } from '../support/nginx-edit.ts'
import { ROOMY } from '../support/own-stack.ts'
import { assertProblem } from '../support/problem.ts'
import { partOf } from '../support/processes.ts'
import { rateLimit } from '../support/rate-limit.ts'

const FIVE = { ...ROOMY, GATE_FLOOD: 'off' }
const TEN = { ...FIVE, GATE_LIMIT_CHAT: '"chat";q=10;w=60' }
/** How long a process of the time before a reload may stay when it has nothing left to do, ms. */
const GONE_MS = 30_000

let installation: Installation
let plan: Plan
before(async () => {
  installation = await Installation.make(FIVE)
  await installation.start()
  plan = await installation.plan()
})
after(() => installation?.remove())

function chat(client: Client): Promise<Answer> {
  return client.send('/api/chat', { body: { message: 'standin: text=hi delay=0', stream: false } })
}

/** @param idle a client that must not take a connection which the old process is just closing */
async function reload(settings: Readonly<Record<string, string>>, idle?: Client): Promise<void> {
  const { code, out, err } = await installation.run('reload', [], settings)
  assert.equal(code, 0, out + err)
  idle?.close()
}

/** Sends a request after the other, each on a connection of its own, until it is told to end. */
class Load {
  readonly answers: Answer[] = []
  readonly #running: Promise<void>
  #ended = false

  constructor(like: Client, path: string) {
    this.#running = this.#run(like, path)
  }

  /** @throws if a request got no answer */
  async end(): Promise<readonly Answer[]> {
    this.#ended = true
    await this.#running
    return this.answers
  }

  async #run(like: Client, path: string): Promise<void> {
    while (!this.#ended) {
      const client = new Client(plan)
      for (const [name, value] of like.cookies) client.cookies.set(name, value)
      this.answers.push(await client.send(path))
      client.close()
    }
  }
}

test('five become ten under load: at once, for the refused too, and nothing is cut', async () => {
  const [refused, streaming] = [await signedIn(plan), await signedIn(plan)]
  for (let n = 0; n < 5; n++) assert.equal((await chat(refused.client)).status, 200)
  const problem = assertProblem(await chat(refused.client), 429, 'rate_limited')
  assert.ok((problem.retryAfter ?? 0) > 30, 'refused for a while yet')

  const { id, events } = await startChat(streaming.client, 'standin: tokens=100000 delay=5')
  const seen = [...(await readFirstContent(events))]
  const paths = ['/api/me', '/chat', '/login', '/api/models', '/api/usage/summary']
  const loads = paths.map((path) => new Load(refused.client, path))
  const old = nginxProcesses(plan)
  const parts = ['nginx', 'worker', 'redis'].map((name) => partOf(plan, name))

  await reload(TEN, refused.client)

  assert.ok(!nginxProcesses(plan).some((pid) => old.includes(pid)), 'new processes')
  // Nothing of the refusal is left, and nothing that was counted is lost.
  for (let left = 4; left >= 0; left--) {
    const answer = await chat(refused.client)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(rateLimit(answer.headers, 'chat').quota, 10)
    assert.equal(rateLimit(answer.headers, 'chat').remaining, left)
  }
  assert.match(assertProblem(await chat(refused.client), 429, 'rate_limited').detail, /most 10 per/)

  // The answer that was running runs on, and its reader has missed nothing.
  seen.push(...(await readUntil(events, (_event, more) => more.length > 20)))
  await streaming.client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  seen.push(...(await rest(events)))
  assert.equal(seen.at(-1)?.event, 'done')
  assertGapless(seen)

  for (const load of loads) {
    const answers = await load.end()
    assert.ok(answers.length > 3, 'hardly any load')
    const wrong = answers.filter(({ status }) => status !== 200)
    assert.deepEqual(
      wrong.map(({ status, text }) => [status, text]),
      [],
    )
  }
  assert.deepEqual(
    ['nginx', 'worker', 'redis'].map((name) => partOf(plan, name)),
    parts,
  )
  await waitFor(async () => {
    const left = old.filter(isThere)
    assert.deepEqual(left, [], 'processes of the time before the reload')
  }, GONE_MS)
})

test('ten become five: whoever has had more waits, everybody else has five', async () => {
  await reload(TEN)
  const { client } = await signedIn(plan)
  for (let n = 0; n < 7; n++) assert.equal((await chat(client)).status, 200)
  await reload(FIVE, client)
  const refused = await chat(client)
  assertProblem(refused, 429, 'rate_limited')
  assert.deepEqual(rateLimit(refused.headers, 'chat').quota, 5)
  const other = await signedIn(plan)
  for (const left of [4, 3, 2, 1, 0]) {
    assert.equal(rateLimit((await chat(other.client)).headers, 'chat').remaining, left)
  }
  assert.equal((await chat(other.client)).status, 429)
})

/** Each piece of an answer says how many bytes there are with it. */
function assertGapless(events: readonly StreamEvent[]): void {
  let bytes = 0
  for (const { event, data, id } of events) {
    if (event !== 'content') continue
    bytes += Buffer.byteLength(String(data['text']))
    assert.equal(id, `r0.c${bytes}`)
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
