/** A generation of the worker that reads a recorded stream, as far as a test lets it. */

import { Readable } from 'node:stream'
import { ANSWER_START, type AnswerPosition } from '../../worker/src/domain/answer.ts'
import { type Generation, startGeneration } from '../../worker/src/domain/generation.ts'
import {
  fakePorts,
  fakeStore,
  fakeTurn,
  type StoreMood,
} from '../../worker/src/domain/generation-fakes.ts'
import type { TurnResult } from '../../worker/src/domain/turn.ts'
import type { UpstreamEvent } from '../../worker/src/domain/upstream-event.ts'
import { answerFrames } from '../../worker/src/routes/answer-frames.ts'
import { readChatStream } from '../../worker/src/upstream/chat-stream.ts'

/** An event of a piece, with its data. */
const FRAME = /event: (\w+)\n(?:id: .*\n)?data: (.*)\n\n/g

/** Longer than any test. */
const LIMITS = { firstPayloadMs: 60_000, idleMs: 60_000, finishMs: 60_000, answerMs: 60_000 }

export interface PlayedGeneration {
  readonly generation: Generation
  /** The settlements that counted. */
  readonly charged: readonly TurnResult[]
  /** Lets more bytes arrive. */
  feed(bytes: Uint8Array): void
  /** The provider closes the connection in the proper way. */
  finish(): void
  /** The provider resets it. */
  reset(): void
}

/** @param moods what the attempts at storing the result do, one after the other */
export function playGeneration(moods: readonly StoreMood[]): PlayedGeneration {
  const body = new Readable({ read() {} })
  const table = fakeStore(moods)
  async function* call(signal: AbortSignal): AsyncGenerator<UpstreamEvent> {
    // As the client of the provider does with its answer.
    signal.addEventListener('abort', () => body.destroy(), { once: true })
    yield { kind: 'accepted', traceId: null, keyId: '1' }
    for await (const chunk of readChatStream(body, LIMITS)) yield { kind: 'chunk', ...chunk }
  }
  return {
    generation: startGeneration(fakeTurn(), fakePorts(call, table.store)),
    charged: table.charged,
    feed: (bytes) => void body.push(bytes),
    finish: () => void body.push(null),
    reset: () => void body.destroy(new Error('read ECONNRESET')),
  }
}

/** What one listener got. */
export interface Heard {
  reasoning: string
  content: string
  /** The terminal event, once it came. */
  last: string | undefined
}

export interface Listener {
  readonly heard: Heard
  /** Resolves when there is nothing more to hear. */
  readonly over: Promise<void>
  /** As a client that closes its connection. */
  leave(): void
}

/** Listens as a client does that has all before `from`. */
export function listen(generation: Generation, from: AnswerPosition = ANSWER_START): Listener {
  const gone = new AbortController()
  const heard: Heard = { reasoning: '', content: '', last: undefined }
  async function read(): Promise<void> {
    for await (const piece of answerFrames(generation, from, 'en', gone.signal)) {
      for (const [, event, data = ''] of piece.matchAll(FRAME)) {
        if (event === 'reasoning' || event === 'content') heard[event] += JSON.parse(data).text
        if (event === 'done' || event === 'error') heard.last = event
      }
    }
  }
  return { heard, over: read(), leave: () => gone.abort() }
}
