import type { Signal } from '@preact/signals'
import { TroubleCard } from '../ui/trouble-card.tsx'
import { common, chat as words } from '../words/current.ts'
import { type Answer, isRunning } from './answer.ts'
import type { ChatFormats } from './formats.ts'
import { Reasoning } from './reasoning.tsx'
import { UsageLine } from './usage-line.tsx'

interface AnswerViewProps {
  readonly answer: Signal<Answer>
  readonly formats: ChatFormats
  /** Sends the question again; undefined where that is not offered. */
  readonly retry: (() => void) | undefined
  readonly canRetry: boolean
}

/** One answer, as far as it has come. */
export function AnswerView({ answer: source, formats, retry, canRetry }: AnswerViewProps) {
  const answer = source.value
  const isSilent = answer.reasoning === '' && answer.content === ''
  return (
    <article class="answer" aria-busy={isRunning(answer)}>
      <h2 class="visually-hidden">{words.answer}</h2>
      <Reasoning answer={answer} formats={formats} />
      {answer.content !== '' && <div class="text">{answer.content}</div>}
      {answer.phase === 'streaming' && isSilent && <p class="pulse">{words.waiting}</p>}
      <Outcome answer={answer} />
      {retry !== undefined && (answer.phase === 'failed' || answer.phase === 'cut') && (
        <button
          type="button"
          class="button"
          title={words.retryHint}
          disabled={!canRetry}
          onClick={retry}
        >
          {words.retry}
        </button>
      )}
      {answer.usage !== undefined && <UsageLine usage={answer.usage} formats={formats} />}
    </article>
  )
}

/** How the answer ended, where there is something to say about it. */
function Outcome({ answer }: { readonly answer: Answer }) {
  if (answer.phase === 'failed' && answer.trouble !== undefined) {
    return <TroubleCard trouble={answer.trouble} />
  }
  if (answer.phase === 'cut') {
    return (
      <div class="card trouble" role="alert">
        <p>{words.cut}</p>
        <p class="request-id">
          {common.requestId} <code>{answer.requestId}</code>
        </p>
      </div>
    )
  }
  const note = noteOf(answer)
  return note === undefined ? null : <p class="note">{note}</p>
}

function noteOf({ phase, finishReason }: Answer): string | undefined {
  if (phase === 'stopping') return words.stopping
  if (phase === 'stopped') return words.stopped
  if (finishReason === 'length') return words.finishLength
  if (finishReason === 'content_filter') return words.finishFiltered
  return undefined
}
