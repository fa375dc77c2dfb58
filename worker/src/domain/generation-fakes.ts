/** A model and a store for tests, driven by hand. */

import { pino } from 'pino'
import { Failure } from '../failure.ts'
import type { GenerationPorts } from './generation.ts'
import type { TokenCounts } from './price.ts'
import type { Kept } from './settlement.ts'
import type { StreamSlots } from './stream-slots.ts'
import type { Turn, TurnResult } from './turn.ts'
import type { ChatChunk, UpstreamEvent } from './upstream-event.ts'

const SILENT = pino({ level: 'silent' })

export function fakeTurn(changes: Partial<Turn> = {}): Turn {
  return {
    id: '0'.repeat(32),
    uid: '1',
    conversationId: '10',
    userMessageId: '100',
    messageId: '101',
    call: {
      requestId: '0'.repeat(32),
      model: 'deepseek-flash',
      messages: [{ role: 'user', content: 'hello' }],
      thinking: false,
      effort: 'high',
      user: 'u',
    },
    promptEstimate: 40,
    startedAt: 1000,
    ...changes,
  }
}

export function chunk(changes: Partial<ChatChunk>): UpstreamEvent {
  return {
    kind: 'chunk',
    id: 'up-1',
    model: 'deepseek-flash',
    reasoning: '',
    content: '',
    tools: '',
    finishReason: null,
    usage: null,
    ...changes,
  }
}

/** A call whose events the test gives one by one. */
export function fakeCall() {
  const waiting: (UpstreamEvent | Error | 'end')[] = []
  let wake: () => void = () => {}
  let signal: AbortSignal | undefined
  function give(item: UpstreamEvent | Error | 'end'): void {
    waiting.push(item)
    wake()
  }
  async function* call(given: AbortSignal): AsyncGenerator<UpstreamEvent> {
    signal = given
    given.addEventListener('abort', () => give(new Error('aborted')))
    for (;;) {
      const item = waiting.shift()
      if (item === 'end') return
      if (item instanceof Error) throw item
      if (item !== undefined) yield item
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }
  return { call, give, isAborted: () => signal?.aborted ?? false }
}

/** What one attempt at storing does: succeed, fail before or after the commit, or be refused. */
export type StoreMood = 'ok' | 'away' | 'lost_reply' | 'refused'

/** A table with one open row per turn; `charged` lists the settlements that counted. */
export function fakeStore(moods: readonly StoreMood[] = []) {
  const charged: TurnResult[] = []
  const settled = new Set<string>()
  let attempts = 0
  async function store(turn: Pick<Turn, 'id'>, result: TurnResult): Promise<Kept> {
    const mood = moods[attempts] ?? 'ok'
    attempts += 1
    await Promise.resolve()
    if (mood === 'refused') throw new Error('Data too long')
    if (mood === 'away') throw new Failure('storage_unavailable')
    if (!settled.has(turn.id)) {
      settled.add(turn.id)
      charged.push(result)
    }
    if (mood === 'lost_reply') throw new Failure('storage_unavailable')
    return 'stored'
  }
  return { store, charged, attempts: () => attempts }
}

/** Ports with a price of one unit per token and a sleep that takes no time. */
export function fakePorts<S extends GenerationPorts['store']>(
  call: GenerationPorts['call'],
  store: S,
): Omit<GenerationPorts, 'store'> & { readonly store: S } {
  return {
    call,
    store,
    price: (_model: string, _at: number, tokens: TokenCounts) => ({
      cost: String(tokens.promptTokens + tokens.completionTokens),
      currency: 'CNY',
      priced: true,
    }),
    release: async () => {},
    maxAnswerBytes: 1024 * 1024,
    now: () => 1500,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    log: SILENT,
  }
}

/** Returns slots that write down what becomes of them. @param releasing how long a release takes */
export function fakeSlots(moves: string[], releasing = Promise.resolve()): StreamSlots {
  return {
    hold: ({ policy }) => {
      moves.push(`+${policy}`)
    },
    release: ({ policy }) => {
      moves.push(`-${policy}`)
      return releasing
    },
  }
}

/** Lets everything that can happen without new events happen. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve))
}
