/** A program's call in this process, whose provider and program a test plays. */

import { Readable } from 'node:stream'
import type { GenerationPorts } from '../../worker/src/domain/generation.ts'
import { fakePorts, fakeStore, type StoreMood } from '../../worker/src/domain/generation-fakes.ts'
import { type ProgramCall, startProgramCall } from '../../worker/src/domain/program-call.ts'
import type { TurnResult } from '../../worker/src/domain/turn.ts'
import type { ForwardEvent } from '../../worker/src/domain/upstream-event.ts'
import { Failure } from '../../worker/src/failure.ts'
import { readForwardedStream } from '../../worker/src/upstream/forwarded-stream.ts'

/** Longer than any test. */
const LONG_MS = 60_000
const LIMITS = {
  firstPayloadMs: LONG_MS,
  idleMs: LONG_MS,
  finishMs: LONG_MS,
  answerMs: LONG_MS,
}
const PROMPT_ESTIMATE = 40

export interface PlayedProgram {
  readonly call: ProgramCall
  /** The settlements that counted. */
  readonly charged: readonly TurnResult[]
  /** What the program got; `failure` once the call has told it. */
  readonly got: { bytes: Buffer; failure: Failure | undefined }
  /** Resolves when the program has got all. */
  readonly over: Promise<void>
  /** Lets more bytes arrive. */
  feed(bytes: Uint8Array): void
  /** The provider closes the connection in the proper way. */
  finish(): void
  /** The provider resets it. */
  reset(): void
}

const NOBODY: GenerationPorts['call'] = () => {
  throw new Error('a program has its own way to call')
}

/** @param moods what the attempts at storing the result do, one after the other */
export function playProgram(moods: readonly StoreMood[] = [], wantsUsage = true): PlayedProgram {
  const body = new Readable({ read() {} })
  const table = fakeStore(moods)
  async function* forward(signal: AbortSignal): AsyncGenerator<ForwardEvent> {
    // As the client of the provider does with its answer.
    signal.addEventListener('abort', () => body.destroy(), { once: true })
    yield { kind: 'accepted', traceId: null, keyId: '1' }
    yield* readForwardedStream(body, LIMITS, wantsUsage)
  }
  const id = '0'.repeat(32)
  const call = startProgramCall(
    { id, uid: '1', model: 'deepseek-flash', promptEstimate: PROMPT_ESTIMATE, startedAt: 1000 },
    {
      ...fakePorts(NOBODY, table.store),
      call: forward,
      patienceMs: LONG_MS,
    },
  )
  const got: PlayedProgram['got'] = { bytes: Buffer.alloc(0), failure: undefined }
  async function read(): Promise<void> {
    await call.accepted()
    try {
      for (let bytes = await call.next(); bytes !== undefined; bytes = await call.next()) {
        got.bytes = Buffer.concat([got.bytes, bytes])
      }
    } catch (error) {
      got.failure = error instanceof Failure ? error : undefined
    }
  }
  return {
    ...{ call, charged: table.charged, got, over: read() },
    feed: (bytes) => void body.push(bytes),
    finish: () => void body.push(null),
    reset: () => void body.destroy(new Error('read ECONNRESET')),
  }
}
