import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { DownIcon } from '../ui/icons.tsx'
import { chat as words } from '../words/current.ts'
import { AnswerView } from './answer-view.tsx'
import type { Conversation } from './conversation.ts'
import type { ChatFormats } from './formats.ts'
import { connectScrollPin, type ScrollPin } from './scroll-pin.ts'

interface TranscriptProps {
  readonly conversation: Conversation
  readonly formats: ChatFormats
  readonly retry: (question: string) => void
  /** Stands above the first question and scrolls away with it. */
  readonly children: ComponentChildren
}

/** The questions and answers so far. */
export function Transcript({ conversation, formats, retry, children }: TranscriptProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const pin = useSignal<ScrollPin | undefined>(undefined)
  const turns = conversation.turns.value

  useLayoutEffect(() => {
    if (scroller.current === null || content.current === null) return
    const connected = connectScrollPin(scroller.current, content.current)
    pin.value = connected
    return connected.disconnect
  }, [pin])
  // A new question is always shown, wherever the reader was.
  useLayoutEffect(() => pin.value?.toBottom(), [pin, turns.length])

  return (
    <div class="transcript">
      <div class="transcript-scroll" ref={scroller}>
        <section class="turns" ref={content} aria-label={words.transcript}>
          {children}
          {turns.length === 0 ? <Welcome /> : <h1 class="visually-hidden">{words.title}</h1>}
          {turns.map(({ id, question, answer }, index) => (
            <div class="turn" key={id}>
              <article class="question">
                <h2 class="visually-hidden">{words.you}</h2>
                <p class="text">{question}</p>
              </article>
              <AnswerView
                answer={answer}
                formats={formats}
                retry={index === turns.length - 1 ? () => retry(question) : undefined}
                canRetry={conversation.canSend.value}
              />
            </div>
          ))}
        </section>
      </div>
      {pin.value?.isPinned.value === false && (
        <button
          type="button"
          class="to-bottom"
          aria-label={words.toBottom}
          title={words.toBottom}
          onClick={() => pin.value?.toBottom()}
        >
          <DownIcon />
        </button>
      )}
    </div>
  )
}

function Welcome() {
  return (
    <div class="welcome">
      <h1>{words.emptyTitle}</h1>
      <p>{words.emptyHint}</p>
    </div>
  )
}
