/** What a screen reader is told about the conversation: beginnings and ends, never the text. */

import { chat as words } from '../words/current.ts'
import type { AnswerPhase } from './answer.ts'
import type { Conversation } from './conversation.ts'

const ENDINGS: Readonly<Record<AnswerPhase, string>> = {
  streaming: words.statusGenerating,
  stopping: words.stopping,
  done: words.statusDone,
  stopped: words.statusStopped,
  failed: words.statusFailed,
  cut: words.statusFailed,
}

/** Returns the words for the state that the conversation is in. */
export function announcement({ phase, turns }: Pick<Conversation, 'phase' | 'turns'>): string {
  if (phase.value === 'connecting') return words.sending
  const last = turns.value.at(-1)?.answer.value
  return last === undefined ? '' : ENDINGS[last.phase]
}
