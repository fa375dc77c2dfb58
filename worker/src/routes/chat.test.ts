import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatAnswer } from '#contract/chat-events.ts'
import { chunk, quiet } from '../domain/generation-fakes.ts'
import { Failure } from '../failure.ts'
import { fakeChat, ID, USAGE } from '../fake-chat.ts'
import { gateHeaders, jsonOf } from '../fake-deps.ts'

async function problem(response: Response) {
  const body = await jsonOf<{ code: string; errors?: { field: string }[] }>(response)
  return { status: response.status, code: body.code, field: body.errors?.[0]?.field }
}

test('an answer is streamed as events that no proxy may hold back', async () => {
  const { ask, answer } = fakeChat()
  const response = await ask({ message: '你好' })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('Content-Type'), 'text/event-stream; charset=utf-8')
  assert.equal(response.headers.get('Cache-Control'), 'no-cache, no-transform')
  assert.equal(response.headers.get('X-Accel-Buffering'), 'no')
  answer()
  const body = await response.text()
  assert.ok(body.startsWith(': ping\n\nevent: start\n'))
  assert.match(body, /event: content\nid: r0\.c2\ndata: \{"text":"Hi"\}\n\n/)
  assert.equal(body.match(/^event: (done|error)$/gm)?.length, 1)
})

test('or comes whole as JSON', async () => {
  const { ask, answer } = fakeChat()
  const asking = ask({ message: 'hello', stream: false })
  await quiet()
  answer()
  const response = await asking
  assert.equal(response.status, 200)
  const body = await jsonOf<ChatAnswer>(response)
  assert.equal(body.content, 'Hi')
  assert.equal(body.generation_id, ID)
  assert.equal(body.finish_reason, 'stop')
  assert.equal(body.usage.total_tokens, 12)
})

test('what fails after the turn is stored is an event, or the status of a whole answer', async () => {
  const streamed = fakeChat()
  const response = await streamed.ask({ message: 'hello' })
  streamed.upstream.give(new Failure('upstream_balance'))
  assert.match(await response.text(), /event: error\ndata: .*"code":"upstream_balance"/)
  const whole = fakeChat()
  const asking = whole.ask({ message: 'hello', stream: false })
  await quiet()
  whole.upstream.give(new Failure('upstream_balance'))
  assert.deepEqual(await problem(await asking), {
    status: 503,
    code: 'upstream_balance',
    field: undefined,
  })
})

test('what fails before is a status, and nothing is called', async () => {
  const noKey = fakeChat()
  noKey.world.keyFailure = new Failure('no_upstream_key')
  assert.equal((await problem(await noKey.ask({ message: 'x' }))).code, 'no_upstream_key')
  assert.equal(noKey.questions.length, 0)
  for (const code of ['storage_unavailable', 'conversation_not_found'] as const) {
    const { ask, world } = fakeChat()
    world.storeFailure = new Failure(code)
    assert.equal((await problem(await ask({ message: 'x' }))).code, code)
  }
})

test('the question is handed on with its defaults, the user under an opaque name', async () => {
  const { ask, questions, answer } = fakeChat()
  await ask({ message: ' hello ' })
  answer()
  const [question] = questions
  const { user, ...call } = question?.call ?? {}
  assert.deepEqual(call, { model: 'deepseek-flash', thinking: false, effort: 'high' })
  assert.match(user ?? '', /^[0-9a-f]{32}$/)
  assert.equal(question?.message, ' hello ')
  assert.equal(question?.apiKeyId, '5')
  assert.equal(question?.conversationId, undefined)
  assert.equal(question?.parentId, undefined)
  assert.equal(question?.room, 655_360)
})

test('a message may name what it goes on from, and a question be answered once more', async () => {
  const { ask, questions } = fakeChat()
  for (const [body, place] of [
    [{ message: 'x', conversation_id: '7', parent_id: '5' }, ['x', '7', '5']],
    [{ message: 'x', conversation_id: '7', parent_id: null }, ['x', '7', null]],
    [{ message: 'x', conversation_id: '7', regenerate: false }, ['x', '7', undefined]],
    [{ regenerate: true, conversation_id: '7', parent_id: '5' }, [undefined, '7', '5']],
  ] as const) {
    assert.equal((await ask(body)).status, 200, JSON.stringify(body))
    const question = questions.at(-1)
    assert.deepEqual([question?.message, question?.conversationId, question?.parentId], place)
  }
})

test('another name of a model on offer is accepted as it is', async () => {
  const { ask, questions } = fakeChat()
  const body = { message: 'x', model: 'deepseek-v4-flash', thinking: true, effort: 'max' }
  assert.equal((await ask({ ...body, conversation_id: '77' })).status, 200)
  assert.equal(questions[0]?.call.model, 'deepseek-v4-flash')
  assert.equal(questions[0]?.call.thinking, true)
  assert.equal(questions[0]?.call.effort, 'max')
  assert.equal(questions[0]?.conversationId, '77')
})

test('a bad body is refused with the field that is wrong', async () => {
  const table: readonly (readonly [unknown, string])[] = [
    [{}, 'message'],
    [{ message: '' }, 'message'],
    [{ message: ' \n\t' }, 'message'],
    [{ message: 7 }, 'message'],
    [{ message: 'x'.repeat(32_001) }, 'message'],
    [{ message: 'half a pair \ud83d' }, 'message'],
    [{ message: 'x', conversation_id: 7 }, 'conversation_id'],
    [{ message: 'x', conversation_id: '07' }, 'conversation_id'],
    [{ message: 'x', conversation_id: '1'.repeat(20) }, 'conversation_id'],
    [{ message: 'x', parent_id: '5' }, 'conversation_id'],
    [{ message: 'x', conversation_id: '7', parent_id: '0' }, 'parent_id'],
    [{ message: 'x', regenerate: 'yes' }, 'regenerate'],
    [{ regenerate: true }, 'conversation_id'],
    [{ regenerate: true, conversation_id: '7', parent_id: null }, 'parent_id'],
    [{ regenerate: true, conversation_id: '7', parent_id: '5', message: 'x' }, 'message'],
    [{ message: 'x', model: 'gpt-9' }, 'model'],
    [{ message: 'x', effort: 'medium' }, 'effort'],
    [{ message: 'x', thinking: 'yes' }, 'thinking'],
    [{ message: 'x', stream: 1 }, 'stream'],
    [{ message: 'x', mesage: 'y' }, 'mesage'],
    [[], ''],
  ]
  const { ask, questions } = fakeChat()
  for (const [body, field] of table) {
    const expected = { status: 400, code: 'invalid_request', field }
    assert.deepEqual(await problem(await ask(body)), expected, JSON.stringify(body).slice(0, 80))
  }
  assert.equal(questions.length, 0)
  assert.equal((await ask({ message: 'x'.repeat(32_000) })).status, 200)
})

test('stop and resume are for the owner', async () => {
  const { app, ask, upstream } = fakeChat()
  await ask({ message: 'hello' })
  upstream.give(chunk({ content: 'Grüße' }))
  await quiet()
  const stop = (uid: string, id = ID) =>
    app.request(`/api/chat/${id}/stop`, { method: 'POST', headers: gateHeaders(uid) })
  const resume = (uid: string, from?: string) =>
    app.request(`/api/chat/${ID}/events`, {
      headers: { ...gateHeaders(uid), ...(from !== undefined && { 'Last-Event-ID': from }) },
    })
  assert.equal((await problem(await stop('1'))).code, 'generation_not_found')
  assert.equal((await problem(await stop('2', 'b'.repeat(32)))).status, 404)
  assert.equal((await problem(await resume('1'))).code, 'generation_not_found')
  assert.equal((await problem(await resume('2', 'r0.c3'))).field, 'Last-Event-ID')
  const resumed = await resume('2', 'r0.c4')
  assert.equal((await stop('2')).status, 204)
  assert.equal(upstream.isAborted(), true)
  const body = await resumed.text()
  assert.match(body, /id: r0\.c7\ndata: \{"text":"ße"\}/)
  assert.match(body, /event: done\ndata: .*"stopped"/)
  assert.equal((await stop('2')).status, 204)
  assert.match(await (await resume('2')).text(), /"text":"Grüße"/)
})

test('a client that leaves does not end the call', async () => {
  const { ask, upstream, app } = fakeChat()
  const response = await ask({ message: 'hello' })
  await response.body?.cancel()
  await quiet()
  assert.equal(upstream.isAborted(), false)
  upstream.give(chunk({ content: 'all', finishReason: 'stop', usage: USAGE }))
  upstream.give('end')
  await quiet()
  const events = await app.request(`/api/chat/${ID}/events`, { headers: gateHeaders('2') })
  assert.match(await events.text(), /"text":"all"/)
})

test('nobody chats without being signed in', async () => {
  const { app } = fakeChat()
  for (const [method, path] of [
    ['POST', '/api/chat'],
    ['POST', `/api/chat/${ID}/stop`],
    ['GET', `/api/chat/${ID}/events`],
    ['GET', '/api/models'],
  ] as const) {
    const response = await app.request(path, { method, headers: gateHeaders() })
    assert.equal((await problem(response)).code, 'unauthenticated', path)
  }
})
