import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { streamLimits, watchStream } from './stream-watch.ts'

const LIMITS = { firstPayloadMs: 600, idleMs: 120, finishMs: 5, answerMs: 900 }

/** Runs the clock tick by tick and calls `onTick` in each; returns what expired and when. */
function run(onTick: (at: number, watch: ReturnType<typeof watchStream>) => void) {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    let at = 0
    const expired: string[] = []
    const watch = watchStream(LIMITS, (limit) => expired.push(`${limit} at ${at}`))
    for (at = 1; at <= 2000; at += 1) {
      mock.timers.tick(1)
      if (expired.length === 0) onTick(at, watch)
    }
    return expired
  } finally {
    mock.timers.reset()
  }
}

test('silence ends the wait', () => {
  assert.deepEqual(
    run(() => {}),
    ['idleMs at 120'],
  )
})

test('keep-alives hold a queued call, but not for ever', () => {
  assert.deepEqual(
    run((_, watch) => watch.onBytes()),
    ['firstPayloadMs at 600'],
  )
})

test('after the first payload keep-alives do not count', () => {
  const expired = run((at, watch) => {
    watch.onBytes()
    if (at === 50) watch.onPayload()
  })
  assert.deepEqual(expired, ['idleMs at 170'])
})

test('steady payload is bounded by the longest answer', () => {
  assert.deepEqual(
    run((_, watch) => watch.onPayload()),
    ['answerMs at 901'],
  )
})

test('time in the queue is not taken from the answer', () => {
  const expired = run((at, watch) => {
    if (at < 500) watch.onBytes()
    else watch.onPayload()
  })
  assert.deepEqual(expired, ['answerMs at 1400'])
})

test('after the finish reason the rest comes soon or never', () => {
  const expired = run((at, watch) => {
    if (at === 10) watch.onFinish()
  })
  assert.deepEqual(expired, ['finishMs at 15'])
})

test('a stopped watch expires no more', () => {
  assert.deepEqual(
    run((at, watch) => {
      if (at === 10) watch.stop()
    }),
    [],
  )
})

test('the settings say how long each wait is', () => {
  const settings = { firstPayloadMs: 1, payloadIdleMs: 2, answerMs: 3 }
  assert.deepEqual(streamLimits(settings), {
    firstPayloadMs: 1,
    idleMs: 2,
    finishMs: 5000,
    answerMs: 3,
  })
})
