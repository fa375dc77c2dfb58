/**
 * A running answer, held by the server: it goes on to its end whoever listens, and ends exactly once,
 * by the first of: the provider's end mark, a failure, its owner's stop, the worker's shutdown.
 */

import { Failure } from '../failure.ts'
import { createAnswer } from './answer.ts'
import { type CallProgress, type CallRecordPorts, createCallRecord } from './call-record.ts'
import { createChangeSignal } from './change-signal.ts'
import type { AnswerEnd, LiveAnswer } from './live-answer.ts'
import { type Kept, storeUntilDone } from './settlement.ts'
import { receivedTokens } from './token-estimate.ts'
import { startView, type Turn, type TurnEnding, type TurnResult, usageView } from './turn.ts'
import type { UpstreamEvent } from './upstream-event.ts'

/** What a generation needs of the world. */
export interface GenerationPorts extends CallRecordPorts {
  /** Calls the model; aborting the signal ends the call at once. */
  readonly call: (signal: AbortSignal) => AsyncIterable<UpstreamEvent>
  /** Keeps a result; idempotent, because it is repeated until it succeeds. */
  readonly store: (turn: Turn, result: TurnResult) => Promise<Kept>
  /** Gives back what the call has occupied; takes no noticeable time and never rejects. */
  readonly release: () => Promise<void>
  /** Largest answer, reasoning included: UTF-8 bytes. */
  readonly maxAnswerBytes: number
  readonly sleep: (ms: number) => Promise<void>
}

/** The end, and all that is left. */
export interface GenerationEnd extends AnswerEnd {
  readonly result: TurnResult
}

export interface Generation extends LiveAnswer {
  readonly turn: Turn
  progress(): CallProgress
  /** Returns the end once the answer is whole and its first attempt at being stored is over. */
  end(): GenerationEnd | undefined
  /** Ends the call and keeps what came; nothing happens if it has ended. */
  stop(): void
  /** The same, because the worker goes away. */
  interrupt(): void
  /** Resolves with the end. */
  readonly ended: Promise<GenerationEnd>
  /** Resolves when the result is kept; with undefined when it is given up as impossible to keep. */
  readonly settled: Promise<Kept | undefined>
}

/** Starts the call of a stored turn. */
export function startGeneration(turn: Turn, ports: GenerationPorts): Generation {
  const answer = createAnswer()
  const record = createCallRecord({ ...turn, model: turn.call.model }, ports)
  const changes = createChangeSignal()
  const abort = new AbortController()
  let isOver = false
  let published: GenerationEnd | undefined
  let onEnded: (end: GenerationEnd) => void = () => {}
  let onSettled: (kept: Kept | undefined) => void = () => {}
  const ended = new Promise<GenerationEnd>((resolve) => {
    onEnded = resolve
  })
  const settled = new Promise<Kept | undefined>((resolve) => {
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
      record.onAccepted(event)
      return
    }
    record.onChunk(event)
    if (event.reasoning === '' && event.content === '') return
    answer.reasoning.append(event.reasoning)
    answer.content.append(event.content)
    if (answer.reasoning.length + answer.content.length > ports.maxAnswerBytes) {
      throw new Failure('upstream_interrupted', {}, { cause: new Error('answer too long') })
    }
    changes.notify()
  }

  /** The provider says that this is all; whether it is a good end is for us to say. */
  function finish(): void {
    const { finishReason } = record.progress()
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
    const { ending, failure } = record.failed(error)
    end(ending, failure)
  }

  /** The first end wins; from here on the answer does not change. */
  function end(ending: TurnEnding, failure?: Failure): void {
    if (isOver) return
    isOver = true
    void publish(endOf(resultOf(ending), failure))
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
    const left = record.result(ending, receivedTokens(reasoning, content))
    return { ...left, reasoning, content }
  }

  function endOf(result: TurnResult, failure: Failure | undefined): GenerationEnd {
    const { ending, finishReason } = result
    const isTold = failure === undefined || result.reasoning !== '' || result.content !== ''
    const usage = isTold ? usageView(turn, result) : undefined
    return { ending, finishReason, usage, failure, result }
  }

  /** Stored and released first, then shown: who has seen the end finds it in the statistics too. */
  async function publish(end: GenerationEnd): Promise<void> {
    const storing = storeUntilDone(() => ports.store(turn, end.result), turn.id, ports)
    await Promise.all([storing.firstAttempt, ports.release()])
    published = end
    changes.notify()
    onEnded(end)
    onSettled(await storing.done)
  }

  void run()

  return {
    turn,
    start: startView(turn),
    answer,
    progress: record.progress,
    end: () => published,
    changed: () => changes.next(),
    stop: () => cancel('stopped'),
    interrupt: () => cancel('interrupted', new Failure('shutting_down')),
    ended,
    settled,
  }
}
