/**
 * A running answer, held by the server: it goes on to its end whoever listens, and ends exactly once,
 * by the first of: the provider's end mark, a failure, its owner's stop, the worker's shutdown.
 */

import type { Logger } from 'pino'
import { Failure } from '../failure.ts'
import { type Answer, createAnswer } from './answer.ts'
import { createChangeSignal } from './change-signal.ts'
import type { Cost, TokenCounts } from './price.ts'
import { storeUntilDone } from './settlement.ts'
import type { Turn, TurnEnding, TurnResult } from './turn.ts'
import type { UpstreamEvent } from './upstream-event.ts'
import { createUsageMeter } from './usage-meter.ts'

/** What a generation needs of the world. */
export interface GenerationPorts {
  /** Calls the model; aborting the signal ends the call at once. */
  readonly call: (signal: AbortSignal) => AsyncIterable<UpstreamEvent>
  /** Stores a result; idempotent, because it is repeated until it succeeds. */
  readonly store: (turn: Turn, result: TurnResult) => Promise<void>
  readonly price: (model: string, startedAt: number, tokens: TokenCounts) => Cost
  /** Gives back what the call has occupied; takes no noticeable time and never rejects. */
  readonly release: () => Promise<void>
  /** Unix milliseconds. */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly log: Logger
}

/** The end as listeners see it. */
export interface GenerationEnd {
  readonly result: TurnResult
  /** Undefined for `done` and `stopped`. */
  readonly failure: Failure | undefined
}

export interface Generation {
  readonly turn: Turn
  /** Grows until the end. */
  readonly answer: Answer
  /** Returns the end once the answer is whole and its first attempt at being stored is over. */
  end(): GenerationEnd | undefined
  /** Resolves at the next change of `answer` or `end()`. */
  changed(): Promise<void>
  /** Ends the call and keeps what came; nothing happens if it has ended. */
  stop(): void
  /** The same, because the worker goes away. */
  interrupt(): void
  /** Resolves with the end. */
  readonly ended: Promise<GenerationEnd>
  /** Resolves when the result is stored, or given up as impossible to store. */
  readonly settled: Promise<void>
}

/** Reasoning and content together, UTF-8 bytes: more than 384K tokens can be, less than MEDIUMTEXT. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/** Starts the call of a stored turn. */
export function startGeneration(turn: Turn, ports: GenerationPorts): Generation {
  const answer = createAnswer()
  const meter = createUsageMeter(turn.promptEstimate)
  const changes = createChangeSignal()
  const abort = new AbortController()
  let finishReason: string | null = null
  let model: string | null = null
  let upstreamId: string | null = null
  let traceId: string | null = null
  let firstTokenMs: number | null = null
  let isOver = false
  let published: GenerationEnd | undefined
  let onEnded: (end: GenerationEnd) => void = () => {}
  let onSettled: () => void = () => {}
  const ended = new Promise<GenerationEnd>((resolve) => {
    onEnded = resolve
  })
  const settled = new Promise<void>((resolve) => {
    onSettled = resolve
  })

  async function run(): Promise<void> {
    try {
      for await (const event of ports.call(abort.signal)) {
        if (isOver) return
        take(event)
      }
      finish()
    } catch (error) {
      fail(error)
    }
  }

  function take(event: UpstreamEvent): void {
    if (event.kind === 'accepted') {
      traceId = event.traceId
      return
    }
    meter.onChunk(event)
    upstreamId ??= event.id
    model ??= event.model
    finishReason = event.finishReason ?? finishReason
    if (event.reasoning === '' && event.content === '') return
    firstTokenMs ??= elapsed()
    answer.reasoning.append(event.reasoning)
    answer.content.append(event.content)
    if (answer.reasoning.length + answer.content.length > MAX_ANSWER_BYTES) {
      throw new Failure('upstream_interrupted', {}, { cause: new Error('answer too long') })
    }
    changes.notify()
  }

  /** The provider says that this is all; whether it is a good end is for us to say. */
  function finish(): void {
    const isEmpty = answer.reasoning.length + answer.content.length === 0
    const mayBeEmpty = finishReason === 'content_filter' || finishReason === 'length'
    if (finishReason === 'insufficient_system_resource') {
      fail(new Failure('upstream_busy'))
    } else if (isEmpty && !mayBeEmpty) {
      fail(new Failure('upstream_interrupted', {}, { cause: new Error('empty answer') }))
    } else {
      end('done')
    }
  }

  function fail(error: unknown): void {
    if (isOver) return
    const failure = error instanceof Failure ? error : new Failure('internal', {}, { cause: error })
    const { code, cause } = failure
    ports.log.warn({ requestId: turn.id, uid: turn.uid, code, err: cause }, 'model call failed')
    end(code === 'upstream_timeout' ? 'timeout' : 'upstream_error', failure)
  }

  /** The first end wins; from here on the answer does not change. */
  function end(ending: TurnEnding, failure?: Failure): void {
    if (isOver) return
    isOver = true
    void publish({ result: resultOf(ending), failure })
  }

  /** Ends the call from our side; nothing happens if it has ended. */
  function cancel(ending: TurnEnding, failure?: Failure): void {
    if (isOver) return
    end(ending, failure)
    abort.abort()
  }

  function resultOf(ending: TurnEnding): TurnResult {
    const reasoning = answer.reasoning.toString()
    const content = answer.content.toString()
    const { tokens, estimated } = meter.read(ending, reasoning, content)
    const cost = ports.price(model ?? turn.call.model, turn.startedAt, tokens)
    if (!cost.priced) ports.log.warn({ requestId: turn.id, model }, 'no price for this model')
    const seen = { finishReason, model, firstTokenMs, upstreamId, traceId }
    return { ending, ...seen, tokens, estimated, cost, durationMs: elapsed(), reasoning, content }
  }

  /** Stored and released first, then shown: who has seen the end finds it in the statistics too. */
  async function publish(end: GenerationEnd): Promise<void> {
    const storing = storeUntilDone(() => ports.store(turn, end.result), turn.id, ports)
    await Promise.all([storing.firstAttempt, ports.release()])
    published = end
    changes.notify()
    onEnded(end)
    await storing.done
    onSettled()
  }

  function elapsed(): number {
    return Math.max(0, ports.now() - turn.startedAt)
  }

  void run()

  return {
    turn,
    answer,
    end: () => published,
    changed: () => changes.next(),
    stop: () => cancel('stopped'),
    interrupt: () => cancel('interrupted', new Failure('shutting_down')),
    ended,
    settled,
  }
}
