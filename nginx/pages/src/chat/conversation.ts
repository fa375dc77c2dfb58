/** The conversation on the screen: what was asked and answered, and what may be done now. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { ChatEvents, ChatRequest } from '#contract/chat-events.ts'
import type { Api } from '../api/client.ts'
import { ApiFailure, isSoonOver, type Trouble } from '../api/trouble.ts'
import { startCountdown } from '../browser/countdown.ts'
import { chat as words } from '../words/current.ts'
import { type Answer, askToStop, beginAnswer, isRunning, keepGoing } from './answer.ts'
import { followAnswer } from './follow-answer.ts'
import type { Schedule } from './frame-batch.ts'

/** How long a stopped answer may take to say so before its stream is dropped, in ms. */
const STOP_PATIENCE_MS = 5_000

/** A question and its answer. Each answer is a signal, so that a delta redraws one answer only. */
export interface Turn {
  /** Id of the answer's message. */
  readonly id: string
  readonly question: string
  readonly answer: Signal<Answer>
}

/** What a person chose beside the text. */
export interface SendOptions {
  readonly model: string | undefined
  readonly thinking: boolean
}

/** `connecting` lasts until the server has accepted the message. */
export type ConversationPhase = 'idle' | 'connecting' | 'answering'

export interface Conversation {
  readonly turns: ReadonlySignal<readonly Turn[]>
  readonly phase: ReadonlySignal<ConversationPhase>
  /** Why the last message was not accepted, or could not be stopped. */
  readonly trouble: ReadonlySignal<Trouble | undefined>
  /** Seconds until the limit lets the next message through. */
  readonly waitSeconds: ReadonlySignal<number>
  readonly canSend: ReadonlySignal<boolean>
  /** Sends a message; returns true as soon as the server has accepted it, false if it did not. */
  send(message: string, options: SendOptions): Promise<boolean>
  /** Stops the running answer, or gives up on a message not yet accepted. */
  stop(): Promise<void>
  /** Begins a new conversation; leaves the server's one as it is. */
  startNew(): void
}

export interface ConversationDeps {
  readonly api: Api
  readonly schedule: Schedule
  /** Unix ms. */
  readonly now: () => number
}

/** Returns an empty conversation. */
export function createConversation({ api, schedule, now }: ConversationDeps): Conversation {
  const turns = signal<readonly Turn[]>([])
  const phase = signal<ConversationPhase>('idle')
  const trouble = signal<Trouble | undefined>(undefined)
  const waitSeconds = signal(0)
  const canSend = computed(() => phase.value === 'idle' && waitSeconds.value === 0)
  let conversationId: string | undefined
  let connection: AbortController | undefined
  let endWait: (() => void) | undefined
  let patience: ReturnType<typeof setTimeout> | undefined

  function refuse(own: AbortController, reason: Trouble): void {
    // A message that was given up needs no explanation.
    if (own.signal.aborted) return
    trouble.value = reason
    if (!isSoonOver(reason)) return
    endWait?.()
    endWait = startCountdown(reason.retryAfter ?? 1, (left) => {
      waitSeconds.value = left
    })
  }

  function accept(question: string, start: ChatEvents['start']): Signal<Answer> {
    const answer = signal(beginAnswer(start))
    batch(() => {
      conversationId = start.conversation_id
      turns.value = [...turns.value, { id: start.message_id, question, answer }]
      phase.value = 'answering'
      trouble.value = undefined
    })
    return answer
  }

  async function run(
    message: string,
    options: SendOptions,
    own: AbortController,
    onAccepted: () => void,
  ): Promise<void> {
    const request: ChatRequest = {
      message,
      thinking: options.thinking,
      ...(conversationId !== undefined && { conversation_id: conversationId }),
      ...(options.model !== undefined && { model: options.model }),
    }
    try {
      const stream = await api.stream('/api/chat', request, own.signal)
      const refusal = await followAnswer(stream, {
        schedule,
        now,
        onStart: (start) => {
          onAccepted()
          return accept(message, start)
        },
      })
      if (refusal !== undefined) refuse(own, refusal)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      refuse(own, error.trouble)
    } finally {
      if (connection === own) {
        clearTimeout(patience)
        connection = undefined
        phase.value = 'idle'
      }
    }
  }

  return {
    turns,
    phase,
    trouble,
    waitSeconds,
    canSend,
    send(message, options) {
      if (!canSend.value || message.trim() === '') return Promise.resolve(false)
      const own = new AbortController()
      connection = own
      phase.value = 'connecting'
      trouble.value = undefined
      return new Promise((resolve, reject) => {
        run(message, options, own, () => resolve(true)).then(() => resolve(false), reject)
      })
    },
    async stop() {
      const own = connection
      const answer = turns.value.at(-1)?.answer
      if (phase.value === 'connecting' || answer === undefined) {
        own?.abort()
        return
      }
      if (answer.value.phase !== 'streaming') return
      answer.value = askToStop(answer.value)
      try {
        await api.post(`/api/chat/${encodeURIComponent(answer.value.generationId)}/stop`, {})
        if (isRunning(answer.value)) patience = setTimeout(() => own?.abort(), STOP_PATIENCE_MS)
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error
        // A 404 says that the answer has just ended by itself.
        if (error.trouble.status === 404) return
        answer.value = keepGoing(answer.value)
        trouble.value = { ...error.trouble, title: `${words.stopFailed} · ${error.trouble.title}` }
      }
    },
    startNew() {
      connection?.abort()
      connection = undefined
      conversationId = undefined
      batch(() => {
        turns.value = []
        phase.value = 'idle'
        trouble.value = undefined
      })
    },
  }
}
