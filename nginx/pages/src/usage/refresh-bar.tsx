import { RefreshIcon } from '../ui/icons.tsx'
import { usage as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'

interface RefreshBarProps {
  /** When the figures were loaded, in words; undefined before that. */
  readonly updatedAt: string | undefined
  readonly isLoading: boolean
  readonly onRefresh: () => void
}

/** Says how old the figures are and loads them anew. */
export function RefreshBar({ updatedAt, isLoading, onRefresh }: RefreshBarProps) {
  return (
    <div class="refresh">
      <output>{updatedAt !== undefined && fill(words.updated, { time: updatedAt })}</output>
      <button type="button" class="button" onClick={onRefresh} disabled={isLoading}>
        <RefreshIcon />
        {words.refresh}
      </button>
    </div>
  )
}
