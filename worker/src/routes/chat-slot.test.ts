import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quiet } from '../domain/generation-fakes.ts'
import { Failure } from '../failure.ts'
import { fakeChat } from '../fake-chat.ts'

test('the slot of a refused message is free before the refusal is sent', async () => {
  for (const prepare of [
    () => ({ body: { message: '' } }),
    () => ({ body: { message: 'x' }, keyFailure: new Failure('no_upstream_key') }),
    () => ({ body: { message: 'x' }, storeFailure: new Failure('storage_unavailable') }),
    () => ({ body: { message: 'x'.repeat(300_000) } }),
    () => ({ body: { message: 'x' }, headers: { 'Sec-Fetch-Site': 'cross-site' } }),
    () => ({ body: { message: 'x' }, headers: { 'Content-Type': 'text/plain' } }),
  ]) {
    const { ask, world, slotMoves } = fakeChat()
    const { body, headers, ...failures } = { headers: {}, ...prepare() }
    Object.assign(world, failures)
    const response = await ask(body, '2', { 'X-Gate-Slot': 'streams', ...headers })
    assert.ok(response.status >= 400)
    assert.deepEqual(slotMoves, ['-streams'], String(response.status))
  }
})

test('the slot of a running answer is free before the answer is whole', async () => {
  for (const stream of [true, false]) {
    const { ask, answer, slotMoves } = fakeChat()
    const asking = ask({ message: 'x', stream }, '2', { 'X-Gate-Slot': 'streams' })
    await quiet()
    assert.deepEqual(slotMoves, ['+streams'])
    answer()
    await (await asking).text()
    assert.deepEqual(slotMoves, ['+streams', '-streams'])
  }
})

test('what is no name of a policy is no slot', async () => {
  for (const name of ['', 'Streams', 'a b', 'x'.repeat(33)]) {
    const { ask, slotMoves } = fakeChat()
    await ask({ message: '' }, '2', { 'X-Gate-Slot': name })
    assert.deepEqual(slotMoves, [])
  }
})
