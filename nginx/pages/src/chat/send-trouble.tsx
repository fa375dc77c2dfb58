import { isSoonOver } from '../api/trouble.ts'
import { TroubleCard } from '../ui/trouble-card.tsx'
import { chat as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'
import type { Conversation } from './conversation.ts'

/** Why the message in the box was not sent; for a limit, how long it still takes. */
export function SendTrouble({ conversation }: { readonly conversation: Conversation }) {
  const trouble = conversation.trouble.value
  if (trouble === undefined) return null
  if (!isSoonOver(trouble)) return <TroubleCard trouble={trouble} />
  const seconds = conversation.waitSeconds.value
  return (
    <TroubleCard
      trouble={trouble}
      detail={
        <span role="timer">
          {seconds === 0 ? words.limitOver : fill(words.limited, { seconds })}
        </span>
      }
    />
  )
}
