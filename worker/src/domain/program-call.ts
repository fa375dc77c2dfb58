/**
 * A program's call: its answer is passed on as it comes, at the pace at which the program takes it, and
 * nothing of it is kept but what the bill needs. It ends exactly once, by the first of: the provider's
 * end mark, a failure, the program leaving, the worker's shutdown.
 */

import { Failure } from '../failure.ts'
import {
  type BegunCall,
  type CallProgress,
  type CallRecordPorts,
  createCallRecord,
} from './call-record.ts'
import type { TokenCounts } from './price.ts'
import { type Kept, storeUntilDone } from './settlement.ts'
import { tokensOf, weighText } from './token-estimate.ts'
import type { TurnEnding, TurnResult } from './turn.ts'
import type { ChatChunk, ForwardEvent } from './upstream-event.ts'

/** What a program's call needs of the world. */
export interface ProgramCallPorts extends CallRecordPorts {
  /** Calls the model; aborting the signal ends the call at once. */
  readonly call: (signal: AbortSignal) => AsyncIterable<ForwardEvent>
  /** Keeps a result; idempotent, because it is repeated until it succeeds. */
  readonly store: (call: BegunCall, result: TurnResult) => Promise<Kept>
  /** Gives back what the call has occupied; takes no noticeable time and never rejects. */
  readonly release: () => Promise<void>
  /** Largest answer: UTF-8 bytes of its text, reasoning and tool calls included. */
  readonly maxAnswerBytes: number
  /** A program that takes nothing for so long (ms) is gone. */
  readonly patienceMs: number
  readonly sleep: (ms: number) => Promise<void>
}

/** What is known of an answer whose text is not kept. */
export interface ProgramProgress extends CallProgress {
  /** Of what came, in tenths of a token. */
  readonly weight: { readonly reasoning: number; readonly rest: number }
}

export interface ProgramCall {
  readonly begun: BegunCall
  /**
   * Resolves when the provider has begun to answer, or the program is gone.
   * @throws {Failure} why it does not answer; the call is settled by then
   */
  accepted(): Promise<void>
  /**
   * Returns the next bytes of the answer, whole events of a stream, or undefined when it is over; the
   * last ones when the call is settled. To be called again when they are on their way.
   * @throws {Failure} once, after all the bytes before: why the answer ends early
   */
  next(): Promise<Uint8Array | undefined>
  /** Ends the call, because nobody reads it any more; nothing happens if it has ended. */
  leave(): void
  /** The same, because the worker goes away. */
  interrupt(): void
  progress(): ProgramProgress
  /** Returns what is to be charged once the call has ended. */
  charged(): TokenCounts | undefined
  /** Resolves when the result is kept; with undefined when it is given up as impossible to keep. */
  readonly settled: Promise<Kept | undefined>
}

interface End {
  readonly failure: Failure | undefined
  readonly tokens: TokenCounts
  /** Resolves when the call is settled, or that has been tried, and its slot is free. */
  readonly shown: Promise<unknown>
}

/** Starts the call of an open row. */
export function startProgramCall(begun: BegunCall, ports: ProgramCallPorts): ProgramCall {
  const record = createCallRecord(begun, ports)
  const abort = new AbortController()
  const events = ports.call(abort.signal)[Symbol.asyncIterator]()
  const weight = { reasoning: 0, rest: 0 }
  let textBytes = 0
  let over: End | undefined
  /** The last bytes, held back until the call is settled: who has them finds it in the statistics. */
  let last: Uint8Array | undefined
  let patience: NodeJS.Timeout | undefined
  let onSettled: (kept: Kept | undefined) => void = () => {}
  const settled = new Promise<Kept | undefined>((resolve) => {
    onSettled = resolve
  })

  /** Returns what the provider tells next; undefined if that, or something else, has ended the call. */
  async function pull(): Promise<ForwardEvent | undefined> {
    try {
      const { done, value } = await events.next()
      if (over !== undefined) return undefined
      if (!done) return take(value)
      const isCutOff = record.progress().finishReason === 'insufficient_system_resource'
      // The program sees that from the answer itself.
      end(isCutOff ? 'upstream_error' : 'done')
    } catch (error) {
      if (over !== undefined) return undefined
      const { ending, failure } = record.failed(error)
      cancel(ending, failure)
    }
    return undefined
  }

  function take(event: ForwardEvent): ForwardEvent {
    if (event.kind === 'accepted') record.onAccepted(event)
    if (event.kind === 'piece' || event.kind === 'end') event.chunks.forEach(count)
    if (textBytes > ports.maxAnswerBytes) {
      throw new Failure('upstream_interrupted', {}, { cause: new Error('answer too long') })
    }
    return event
  }

  function count(chunk: ChatChunk): void {
    record.onChunk(chunk)
    const rest = chunk.content + chunk.tools
    weight.reasoning += weighText(chunk.reasoning)
    weight.rest += weighText(rest)
    textBytes += Buffer.byteLength(chunk.reasoning) + Buffer.byteLength(rest)
  }

  /** The first end wins. */
  function end(ending: TurnEnding, failure?: Failure): void {
    clearTimeout(patience)
    const { reasoning, rest } = weight
    const received = { reasoning: tokensOf(reasoning), rest: tokensOf(rest) }
    const result = { ...record.result(ending, received), reasoning: '', content: '' }
    const storing = storeUntilDone(() => ports.store(begun, result), begun.id, ports)
    void storing.done.then(onSettled)
    const shown = Promise.all([storing.firstAttempt, ports.release()])
    over = { failure, tokens: result.tokens, shown }
  }

  /** Ends the call from our side; nothing happens if it has ended. */
  function cancel(ending: TurnEnding, failure?: Failure): void {
    if (over !== undefined) return
    end(ending, failure)
    abort.abort()
    // Nobody may be waiting for it, and then it does not notice.
    events.return?.().catch(() => undefined)
  }

  function leave(): void {
    cancel('client_gone')
  }

  async function rest({ failure, shown }: End): Promise<Uint8Array | undefined> {
    await shown
    if (failure !== undefined) {
      over = over && { ...over, failure: undefined }
      throw failure
    }
    const bytes = last
    last = undefined
    return bytes
  }

  return {
    begun,
    settled,
    leave,
    interrupt: () => cancel('interrupted', new Failure('shutting_down')),
    progress: () => ({ ...record.progress(), weight: { ...weight } }),
    charged: () => over?.tokens,

    async accepted() {
      if (over === undefined) await pull()
      if (over?.failure !== undefined) await rest(over)
    },

    async next() {
      clearTimeout(patience)
      while (over === undefined) {
        const event = await pull()
        if (event === undefined || event.kind === 'accepted') continue
        if (event.kind !== 'end') {
          patience = setTimeout(leave, ports.patienceMs).unref()
          return event.bytes
        }
        last = event.bytes
      }
      return rest(over)
    },
  }
}
