/**
 * What has to be kept and charged of a stream that was cut at some byte, worked out from the recording
 * and not by the code that is tested.
 */

import type { RecordedEvent, RecordedStream, RecordedUsage } from './recorded-streams.ts'

/** Who cut it, while the stream stood still at that byte: its reader, or the provider. */
export type Cut = 'stop' | 'reset'

/** A person's answer must say something; a program's is what the provider makes it. */
export type ReaderKind = 'person' | 'program'

export interface Outcome {
  readonly ending: 'done' | 'stopped' | 'client_gone' | 'upstream_error'
  readonly reasoning: string
  readonly content: string
  /** The provider's count, to be charged as it is; undefined: an estimate. */
  readonly exact: RecordedUsage | undefined
  /** What an estimate has to be: tokens, both ends included. */
  readonly prompt: readonly [number, number]
  readonly completion: readonly [number, number]
  readonly estimated: boolean
}

const NOTHING = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }

/**
 * Returns the outcomes of which one has to come about. There are two where the bytes end between an
 * event's data and the end of its empty line: a reader may take the event then, or wait.
 * @param promptEstimate what the worker itself reckoned the prompt to be
 */
export function outcomesAt(
  { events }: RecordedStream,
  bytes: number,
  cut: Cut,
  promptEstimate: number,
  reader: ReaderKind = 'person',
): readonly Outcome[] {
  const whole = events.filter(({ end }) => end <= bytes).length
  const begun = events.filter(({ dataEnd }) => dataEnd <= bytes).length
  const counts = whole === begun ? [whole] : [whole, begun]
  return counts.map((count) => outcomeOf(events.slice(0, count), cut, promptEstimate, reader))
}

/** Returns what comes of the stream if nobody cuts it. */
export function wholeOutcome({ events }: RecordedStream, promptEstimate: number): Outcome {
  return outcomeOf(events, 'reset', promptEstimate, 'person')
}

function outcomeOf(
  seen: readonly RecordedEvent[],
  cut: Cut,
  promptEstimate: number,
  reader: ReaderKind,
): Outcome {
  const finishAt = seen.findIndex(({ finish }) => finish !== undefined)
  const usageAt = seen.findLastIndex(({ usage }) => usage !== undefined)
  const usage = seen[usageAt]?.usage
  const reasoning = seen.map((event) => event.reasoning).join('')
  const content = seen.map((event) => event.content).join('')
  const isDone = seen.some((event) => event.isDone)
  const isProgram = reader === 'program'
  const tools = isProgram ? seen.map((event) => event.tools).join('') : ''
  // Of a program's answer nothing is kept.
  const text = isProgram ? { reasoning: '', content: '' } : { reasoning, content }
  const finish = seen[finishAt]?.finish
  const natural = isProgram
    ? programEnding(finish, isDone)
    : naturalEnding(finish, reasoning + content)
  const left = isProgram ? 'client_gone' : 'stopped'
  const ending = isDone || cut === 'reset' ? natural : left
  if (usage !== undefined && finishAt >= 0 && usageAt >= finishAt) {
    return { ending, ...text, exact: usage, ...ESTIMATES_NOTHING }
  }
  // A provider that said nothing has not worked; a call that we end is charged for its prompt.
  if (seen.length === 0 && ending === 'upstream_error') {
    return { ending, ...text, exact: NOTHING, ...ESTIMATES_NOTHING }
  }
  const least = Math.max(weight(reasoning) + weight(content + tools), usage?.completionTokens ?? 0)
  return {
    ending,
    ...text,
    exact: undefined,
    prompt:
      usage === undefined
        ? [promptEstimate, promptEstimate]
        : [usage.promptTokens, usage.promptTokens],
    // Each of the two texts is rounded up.
    completion: [least, least + 2],
    estimated: true,
  }
}

const ESTIMATES_NOTHING = { prompt: [0, 0], completion: [0, 0], estimated: false } as const

function naturalEnding(finish: string | undefined, text: string): 'done' | 'upstream_error' {
  if (finish === undefined || finish === 'insufficient_system_resource') return 'upstream_error'
  const mayBeEmpty = finish === 'content_filter' || finish === 'length'
  return text !== '' || mayBeEmpty ? 'done' : 'upstream_error'
}

function programEnding(finish: string | undefined, isDone: boolean): 'done' | 'upstream_error' {
  const isCutOff = finish === 'insufficient_system_resource'
  return !isCutOff && (isDone || finish !== undefined) ? 'done' : 'upstream_error'
}

/**
 * The stated bound of an estimate (docs/accounting.md): 0.3 token for a character below U+2E80, 1.7 for an
 * emoji, 0.6 for any other.
 */
function weight(text: string): number {
  let tokens = 0
  for (const character of text) {
    if (/\p{Extended_Pictographic}/u.test(character)) tokens += 1.7
    else tokens += character < '\u2e80' ? 0.3 : 0.6
  }
  return tokens
}
