import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunk } from '../domain/generation-fakes.ts'
import { BREAK_AFTER, PICKED_MS, pauseMs } from '../domain/key-health.ts'
import { Failure } from '../failure.ts'
import {
  answer,
  BROKEN,
  CALL,
  key,
  PENNILESS,
  REFUSED,
  REJECTED,
  setUp,
  TOO_MANY,
} from './key-pool-fakes.ts'
import { failureOfAnswer } from './upstream-error.ts'

async function refusal(pick: Promise<unknown>): Promise<Failure> {
  return pick.then(
    () => assert.fail('a key was picked'),
    (error: unknown) => (error instanceof Failure ? error : assert.fail(String(error))),
  )
}

test('keys are chosen by weight', async () => {
  const { world, pool } = setUp([key('1', { weight: 1 }), key('2', { weight: 3 })])
  const picked: string[] = []
  for (world.random = 0; world.random < 1; world.random += 0.25) {
    picked.push((await pool.pick()).id)
  }
  assert.deepEqual(picked, ['1', '2', '2', '2'])
})

test('a refused key is put out of use and the call is answered with another', async () => {
  const { run, calls, faults, touched } = setUp([key('1'), key('2')], { 1: [REJECTED] })
  assert.equal(await run(), 'done by 2')
  assert.deepEqual([faults, touched], [['1 rejected'], ['2']])
  assert.equal(await run(), 'done by 2')
  assert.deepEqual(calls, ['1', '2', '2'])
})

test('the only key refused: the call fails, and so do later ones without a call', async () => {
  const { run, calls } = setUp([key('1')], { 1: [REJECTED] })
  assert.equal(await run(), 'upstream_key_rejected')
  assert.equal(await run(), 'upstream_key_rejected')
  assert.deepEqual(calls, ['1'])
})

test('without balance the call is not made again; the next one has another key', async () => {
  const { run, calls, faults } = setUp([key('1'), key('2')], { 1: [PENNILESS] })
  assert.equal(await run(), 'upstream_balance')
  assert.equal(await run(), 'done by 2')
  assert.deepEqual(calls, ['1', '2'])
  assert.deepEqual(faults, ['1 no_balance'])
})

test('what the call itself is at fault for says nothing about the key', async () => {
  for (const failure of [
    answer(400, 'Content Exists Risk'),
    answer(400, "This model's maximum context length is 131072 tokens."),
    answer(422, 'Invalid Parameters'),
    answer(403, 'You have no access to this model'),
  ]) {
    const { run, calls, faults, pool } = setUp([key('1'), key('2')], { 1: [failure] })
    for (let i = 0; i < BREAK_AFTER * 2; i += 1) assert.equal(await run(), failure.code)
    assert.equal(calls.length, BREAK_AFTER * 2, 'a call was made again')
    assert.deepEqual([faults, pool.obstacle(key('1'))], [[], undefined])
  }
})

test('a 429 goes to a key of another account, never to one of the same', async () => {
  const same = [key('1', { account: 'a' }), key('2', { account: 'a' })]
  const alone = setUp(same, { 1: [TOO_MANY] })
  assert.equal(await alone.run(), 'upstream_busy')
  assert.deepEqual(alone.calls, ['1'])
  const failure = await refusal(alone.pool.pick())
  assert.deepEqual([failure.code, failure.details.retryAfter], ['upstream_busy', 7])
  alone.world.now += 6001
  assert.equal((await refusal(alone.pool.pick())).details.retryAfter, 1)
  alone.world.now += 999
  assert.equal((await alone.pool.pick()).id, '1')
  const more = setUp([...same, key('3')], { 1: [TOO_MANY] })
  assert.equal(await more.run(), 'done by 3')
  assert.equal(await more.run(), 'done by 3')
  assert.deepEqual(more.calls, ['1', '3', '3'])
})

test('a broken server is tried again after a pause, at most three times in all', async () => {
  for (const failure of [BROKEN, REFUSED]) {
    const { run, calls, slept } = setUp([key('1')], { 1: [failure] })
    assert.equal(await run(), 'upstream_unavailable')
    assert.equal(calls.length, 3)
    assert.deepEqual(slept, [75, 150])
    const once = setUp([key('1')], { 1: [failure, 'ok'] })
    assert.equal(await once.run(), 'done by 1')
  }
})

test('where waiting does not help the same key is not tried again', async () => {
  for (const failure of [failureOfAnswer(404, '<html>'), answer(503, 'Overloaded', '7')]) {
    const { run, calls } = setUp([key('1')], { 1: [failure] })
    assert.equal(await run(), failure.code)
    assert.equal(calls.length, 1)
  }
})

test('another key is tried at once, and before the same one again', async () => {
  const { run, calls, slept } = setUp([key('1'), key('2')], { 1: [BROKEN], 2: [REFUSED, 'ok'] })
  assert.equal(await run(), 'done by 2')
  assert.deepEqual(calls, ['1', '2', '2'])
  assert.equal(slept.length, 1)
})

test('what may have been served once is not asked for again', async () => {
  for (const fate of [
    new Failure('upstream_unavailable', {}, { cause: new Error('ECONNRESET') }),
    new Failure('upstream_timeout', {}, { cause: new Error('no headers') }),
    failureOfAnswer(200, '\n\n'),
    { accepted: [new Failure('upstream_interrupted')] },
    { accepted: [chunk({ content: 'H' }), new Failure('upstream_interrupted')] },
  ]) {
    const { run, calls } = setUp([key('1'), key('2')], { 1: [fate] })
    assert.match(await run(), /^upstream_/)
    assert.deepEqual(calls, ['1'])
  }
})

test('no try begins when the time for it is over or nobody waits any more', async () => {
  const late = setUp([key('1'), key('2')], { 1: [BROKEN] })
  const [first] = late.world.keys
  assert.ok(first)
  const running = late.pool.chat(first, CALL, new AbortController().signal)
  const reading = running[Symbol.asyncIterator]().next()
  late.world.now += 10_000
  await assert.rejects(reading, Failure)
  assert.deepEqual(late.calls, ['1'])
  const gone = setUp([key('1'), key('2')], { 1: [BROKEN] })
  for (let i = 0; i < BREAK_AFTER; i += 1) {
    const abort = new AbortController()
    const call = gone.pool.chat(key('1'), CALL, abort.signal)[Symbol.asyncIterator]().next()
    abort.abort()
    await assert.rejects(call, Failure)
  }
  assert.deepEqual([gone.calls.length, new Set(gone.calls)], [BREAK_AFTER, new Set('1')])
  assert.equal(gone.pool.obstacle(key('1')), undefined, 'what we broke off is held against it')
})

test('failures in a row break a key, once for each call; then one call tries', async () => {
  const { world, pool, run, calls } = setUp([key('1')], { 1: [BROKEN] })
  for (let i = 0; i < BREAK_AFTER; i += 1) assert.equal(await run(), 'upstream_unavailable')
  // The last of them is not repeated: its first failure opened the breaker.
  assert.equal(calls.length, (BREAK_AFTER - 1) * 3 + 1)
  const failure = await refusal(pool.pick())
  assert.deepEqual([failure.code, failure.details.retryAfter], ['upstream_unavailable', 5])
  world.now += pauseMs(1)
  const trial = await pool.pick()
  assert.equal((await refusal(pool.pick())).details.retryAfter, 2, 'a second call may try')
  assert.equal(await run(trial), 'upstream_unavailable')
  assert.equal((await refusal(pool.pick())).details.retryAfter, 10)
})

test('a trial that is answered closes the breaker', async () => {
  const blank = failureOfAnswer(200, '\n')
  const { world, pool, run } = setUp([key('1')], {
    1: [...Array<Failure>(BREAK_AFTER).fill(blank), 'ok'],
  })
  for (let i = 0; i < BREAK_AFTER; i += 1) assert.equal(await run(), 'upstream_interrupted')
  assert.equal((await refusal(pool.pick())).code, 'upstream_unavailable')
  world.now += pauseMs(1)
  const trial = pool.chat(await pool.pick(), CALL, new AbortController().signal)
  const events = trial[Symbol.asyncIterator]()
  assert.equal((await events.next()).value.kind, 'accepted')
  world.now += PICKED_MS
  assert.equal((await refusal(pool.pick())).code, 'upstream_unavailable', 'queued is not answered')
  assert.equal((await events.next()).value.kind, 'chunk')
  await Promise.all([pool.pick(), pool.pick()])
})

test("the stand-in's failures are nobody's fault and are told as they are", async () => {
  for (const failure of [REJECTED, PENNILESS, TOO_MANY, BROKEN]) {
    const standin = key('1', { standin: true })
    const { run, calls, faults } = setUp([standin], { 1: [failure] })
    for (let i = 0; i < BREAK_AFTER * 2; i += 1) assert.equal(await run(), failure.code)
    assert.deepEqual([calls.length, faults], [BREAK_AFTER * 2, []])
  }
})

test('a reader that leaves ends the call', async () => {
  const { pool, closed } = setUp([key('1')])
  for await (const event of pool.chat(key('1'), CALL, new AbortController().signal)) {
    if (event.kind === 'accepted') break
  }
  assert.deepEqual(closed, ['1'])
})

test('a key that is gone since it was picked serves its call', async () => {
  const { world, pool, run } = setUp([key('1')])
  const picked = await pool.pick()
  world.keys = []
  assert.equal(await run(picked), 'done by 1')
  assert.equal((await refusal(pool.pick())).code, 'no_upstream_key')
  assert.equal((await refusal(pool.peek())).code, 'no_upstream_key')
})

test('if the provider serves no key, it is told which way', async () => {
  const rejected = key('1', { fault: 'rejected' })
  const penniless = key('2', { fault: 'no_balance' })
  assert.equal((await refusal(setUp([rejected]).pool.pick())).code, 'upstream_key_rejected')
  const both = setUp([rejected, penniless])
  assert.equal((await refusal(both.pool.pick())).code, 'upstream_balance')
  assert.equal((await both.pool.peek()).id, '1')
  assert.equal((await setUp([rejected, key('3')]).pool.peek()).id, '3')
})

test('no trace of the key is left in what the log will say', async () => {
  const secret = 'a-key-that-looks-like-none-fcc2'
  const told = `key ${secret} of a-key-that-xxx, ending fcc2, is bad`
  for (const fate of [answer(400, told), { accepted: [answer(200, told)] }]) {
    const odd = key('1', { secret })
    const { pool } = setUp([odd], { 1: [fate] })
    const failure = await refusal(
      (async () => {
        for await (const _ of pool.chat(odd, CALL, new AbortController().signal));
      })(),
    )
    assert.match(String(failure.cause), /key \(key\) of \(key\) ending \(key\) is bad/)
  }
})
