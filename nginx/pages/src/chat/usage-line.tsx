import type { ChatUsage } from '#contract/chat-events.ts'
import { chat as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'
import type { ChatFormats } from './formats.ts'

interface UsageLineProps {
  readonly usage: ChatUsage
  readonly formats: ChatFormats
}

/** What an answer used and cost, in one quiet line. */
export function UsageLine({ usage, formats }: UsageLineProps) {
  return (
    <ul class="usage-line" aria-label={words.usage}>
      {usageParts(usage, formats).map((part) => (
        <li key={part}>{part}</li>
      ))}
    </ul>
  )
}

/** Returns the parts of the line; what is not known is left out rather than shown as 0. */
function usageParts(usage: ChatUsage, { count, money, duration }: ChatFormats): string[] {
  const input = {
    tokens: count(usage.prompt_tokens),
    cached: count(usage.cached_tokens),
  }
  const output = {
    tokens: count(usage.completion_tokens),
    reasoning: count(usage.reasoning_tokens),
  }
  const parts = [
    usage.model,
    fill(usage.cached_tokens > 0 ? words.inputCached : words.input, input),
    fill(usage.reasoning_tokens > 0 ? words.outputReasoning : words.output, output),
    money(usage.cost, usage.currency),
  ]
  if (usage.first_token_ms !== null) {
    parts.push(fill(words.firstToken, { duration: duration(usage.first_token_ms) }))
  }
  if (usage.estimated) parts.push(words.estimated)
  return parts
}
