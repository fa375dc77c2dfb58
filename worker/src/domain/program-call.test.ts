import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../failure.ts'
import { chunk, fakePorts, fakeStore, quiet, type StoreMood } from './generation-fakes.ts'
import { type ProgramCallPorts, startProgramCall } from './program-call.ts'
import type { ChatChunk, ForwardEvent } from './upstream-event.ts'

const BEGUN = {
  id: '0'.repeat(32),
  uid: '1',
  model: 'deepseek-flash',
  promptEstimate: 40,
  startedAt: 1000,
}
const ACCEPTED: ForwardEvent = { kind: 'accepted', traceId: 't', keyId: '7' }

function says(changes: Partial<ChatChunk>, kind: 'piece' | 'end' = 'piece'): ForwardEvent {
  const { kind: _, ...said } = chunk(changes) as ChatChunk & { kind: string }
  return { kind, bytes: Buffer.from(changes.content ?? ''), chunks: [said] }
}

/** A call whose provider tells these events and then falls silent, breaks off or ends. */
function begin(
  events: readonly ForwardEvent[],
  last: 'silent' | 'end' | Failure = 'silent',
  changes: Partial<ProgramCallPorts> = {},
  moods: readonly StoreMood[] = [],
) {
  const table = fakeStore(moods)
  const seen = { aborted: false, released: 0 }
  async function* call(signal: AbortSignal): AsyncGenerator<ForwardEvent> {
    yield* events
    if (last instanceof Failure) throw last
    if (last === 'end') return
    await new Promise((_, reject) => {
      const onAbort = () => {
        seen.aborted = true
        reject(new Error('aborted'))
      }
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort)
    })
  }
  const program = startProgramCall(BEGUN, {
    ...fakePorts(() => assert.fail(), table.store),
    call,
    patienceMs: 60_000,
    ...changes,
    release: async () => {
      seen.released += 1
    },
  })
  return { program, seen, charged: table.charged }
}

async function readAll(program: ReturnType<typeof begin>['program']): Promise<string> {
  let text = ''
  for (let bytes = await program.next(); bytes !== undefined; bytes = await program.next()) {
    text += Buffer.from(bytes)
  }
  return text
}

test('the last bytes come when the call is settled and its slot is free', async () => {
  let store: () => void = () => {}
  const isStored = new Promise<void>((resolve) => {
    store = resolve
  })
  const { program, seen, charged } = begin(
    [ACCEPTED, says({ content: 'Hi' }), says({ content: '!', finishReason: 'stop' }, 'end')],
    'end',
    { store: () => isStored.then(() => 'stored' as const) },
  )
  await program.accepted()
  assert.equal(String(await program.next()), 'Hi')
  const last = program.next()
  await quiet()
  assert.equal(seen.released, 1)
  store()
  assert.equal(String(await last), '!')
  assert.equal(await program.next(), undefined)
  assert.equal(await program.settled, 'stored')
  assert.deepEqual(charged, [])
})

test('nothing of the text is kept, but what it weighs', async () => {
  const { program, charged } = begin(
    [ACCEPTED, says({ reasoning: 'abcd', content: 'hello', tools: 'f{}' })],
    'end',
  )
  await program.accepted()
  await program.next()
  assert.deepEqual(program.progress().weight, { reasoning: 12, rest: 24 })
  assert.ok(!JSON.stringify(program.progress()).includes('hello'))
  await readAll(program)
  const [result] = charged
  assert.deepEqual([result?.reasoning, result?.content, result?.keyId], ['', '', '7'])
  assert.deepEqual([result?.tokens.reasoningTokens, result?.tokens.completionTokens], [2, 5])
})

test('who leaves is charged for what came, and the provider is left at once', async () => {
  const { program, seen, charged } = begin([ACCEPTED, says({ content: 'x'.repeat(10) })])
  await program.accepted()
  await program.next()
  const waiting = program.next()
  program.leave()
  program.interrupt()
  assert.equal(await waiting, undefined)
  assert.deepEqual([seen.aborted, seen.released], [true, 1])
  const ends = charged.map(({ ending, tokens }) => [ending, tokens.completionTokens])
  assert.deepEqual(ends, [['client_gone', 3]])
})

test('who leaves before anything was asked is answered nothing', async () => {
  const { program, charged } = begin([ACCEPTED])
  program.leave()
  await program.accepted()
  assert.equal(await program.next(), undefined)
  assert.deepEqual(
    charged.map(({ ending }) => ending),
    ['client_gone'],
  )
})

test('who takes nothing for long has left', async () => {
  const { program, seen, charged } = begin([ACCEPTED, says({ content: 'Hi' })], 'silent', {
    patienceMs: 20,
  })
  await program.accepted()
  await program.next()
  // The call's own timer does not keep a process alive.
  const alive = setInterval(() => {}, 1000)
  assert.equal(await program.settled, 'stored')
  clearInterval(alive)
  assert.equal(seen.released, 1)
  assert.equal(charged[0]?.ending, 'client_gone')
})

test('a failure is told once, after what came; the ending says whose time it was', async () => {
  for (const [code, ending] of [
    ['upstream_interrupted', 'upstream_error'],
    ['upstream_timeout', 'timeout'],
  ] as const) {
    const { program, charged } = begin([ACCEPTED, says({ content: 'Hi' })], new Failure(code), {}, [
      'away',
    ])
    await program.accepted()
    assert.equal(String(await program.next()), 'Hi')
    await assert.rejects(program.next(), (error) => error instanceof Failure && error.code === code)
    assert.equal(await program.next(), undefined)
    await program.settled
    assert.deepEqual([charged.length, charged[0]?.ending], [1, ending])
  }
})

test('a refusal is thrown before there is an answer, and costs nothing', async () => {
  const { program, charged } = begin([], new Failure('upstream_busy'))
  await assert.rejects(program.accepted(), Failure)
  assert.equal(charged[0]?.tokens.promptTokens, 0)
})

test('an answer that is too large is ended', async () => {
  const { program, charged } = begin(
    [ACCEPTED, says({ content: 'x'.repeat(9) }), says({ tools: 'y'.repeat(9) })],
    'silent',
    { maxAnswerBytes: 10 },
  )
  await program.accepted()
  await program.next()
  await assert.rejects(program.next(), Failure)
  assert.equal(charged[0]?.ending, 'upstream_error')
})

test('a worker that goes away says so', async () => {
  const { program, seen } = begin([ACCEPTED])
  await program.accepted()
  const waiting = program.next()
  program.interrupt()
  await assert.rejects(
    waiting,
    (error) => error instanceof Failure && error.code === 'shutting_down',
  )
  assert.equal(seen.aborted, true)
})
