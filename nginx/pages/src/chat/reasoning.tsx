import { useSignal } from '@preact/signals'
import { chat as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'
import { type Answer, isRunning } from './answer.ts'
import type { ChatFormats } from './formats.ts'

interface ReasoningProps {
  readonly answer: Answer
  readonly formats: ChatFormats
}

/** What the model thought: open while it thinks, closed after; the reader's own choice wins. */
export function Reasoning({ answer, formats }: ReasoningProps) {
  const choice = useSignal<boolean | undefined>(undefined)
  if (answer.reasoning === '') return null
  const isActive = isRunning(answer) && answer.reasoningMs === undefined
  const isOpen = choice.value ?? isActive
  return (
    <details
      class="reasoning"
      open={isOpen}
      onToggle={({ currentTarget }) => {
        // Opening and closing by this page comes here too; only the reader's differs from it.
        if (currentTarget.open !== isOpen) choice.value = currentTarget.open
      }}
    >
      <summary>
        {isActive
          ? words.reasoningActive
          : fill(words.reasoningDone, { duration: formats.duration(answer.reasoningMs ?? 0) })}
      </summary>
      <p class="text">{answer.reasoning}</p>
    </details>
  )
}
