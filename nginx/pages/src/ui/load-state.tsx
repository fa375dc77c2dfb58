import type { Resource } from '../api/resource.ts'
import { common as words } from '../words/current.ts'
import { TroubleCard } from './trouble-card.tsx'

interface LoadStateProps {
  readonly source: Pick<Resource<unknown>, 'trouble' | 'isLoading'>
  readonly retry: () => void
}

/** Says that something is being loaded, or why it could not be; nothing otherwise. */
export function LoadState({ source, retry }: LoadStateProps) {
  const trouble = source.trouble.value
  if (source.isLoading.value) return <p class="loading">{words.loading}</p>
  if (trouble === undefined) return null
  return (
    <TroubleCard trouble={trouble}>
      <button type="button" class="button" onClick={retry}>
        {words.retry}
      </button>
    </TroubleCard>
  )
}
