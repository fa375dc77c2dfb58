import type { ReadonlySignal } from '@preact/signals'
import type { ComponentChildren, RefObject } from 'preact'
import { NewIcon, SendIcon, StopIcon } from '../ui/icons.tsx'
import { chat as words } from '../words/current.ts'
import type { Conversation } from './conversation.ts'
import { isSendKey, isStopKey } from './keys.ts'

interface ComposerProps {
  readonly conversation: Conversation
  readonly isOnline: ReadonlySignal<boolean>
  readonly input: RefObject<HTMLTextAreaElement | null>
  readonly onInput: (text: string) => void
  readonly onSend: () => void
  /** The choices that go with a message. */
  readonly children: ComponentChildren
}

/** Where messages are written. The text belongs to the textarea: typing redraws nothing. */
export function Composer(props: ComposerProps) {
  const { conversation, isOnline, input, onInput, onSend, children } = props
  const phase = conversation.phase.value
  const stop = () => void conversation.stop()
  const keepFocus = () => input.current?.focus()
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        onSend()
        keepFocus()
      }}
    >
      <textarea
        ref={input}
        name="message"
        rows={1}
        aria-label={words.message}
        placeholder={words.placeholder}
        readOnly={phase === 'connecting'}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (isSendKey(event)) {
            event.preventDefault()
            onSend()
          } else if (isStopKey(event)) {
            stop()
          }
        }}
      />
      <div class="composer-bar">
        <button
          type="button"
          class="button button-quiet"
          onClick={() => {
            conversation.startNew()
            keepFocus()
          }}
        >
          <NewIcon />
          <span>{words.newConversation}</span>
        </button>
        {children}
        {phase === 'idle' ? (
          <button
            type="submit"
            class="button button-round"
            aria-label={words.send}
            title={words.send}
            disabled={!conversation.canSend.value || !isOnline.value}
          >
            <SendIcon />
          </button>
        ) : (
          <button
            type="button"
            class="button button-round"
            aria-label={words.stop}
            title={phase === 'connecting' ? words.sending : words.stop}
            onClick={() => {
              stop()
              keepFocus()
            }}
          >
            <StopIcon />
          </button>
        )}
      </div>
    </form>
  )
}
