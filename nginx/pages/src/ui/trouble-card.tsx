import type { ComponentChildren } from 'preact'
import type { Trouble } from '../api/trouble.ts'
import { common as words } from '../words/current.ts'

interface TroubleCardProps {
  readonly trouble: Trouble
  /** What to do about it, as buttons or links. */
  readonly children?: ComponentChildren
  /** Put in place of the server's detail. */
  readonly detail?: ComponentChildren
}

/** A failure, said aloud once: what happened, the request id to quote, and what to do about it. */
export function TroubleCard({ trouble, children, detail }: TroubleCardProps) {
  return (
    <div class={`card trouble ${trouble.status === 429 ? 'trouble-wait' : ''}`} role="alert">
      <p class="trouble-title">{trouble.title}</p>
      <p>{detail ?? trouble.detail}</p>
      {trouble.errors.length > 0 && (
        <ul class="trouble-fields">
          {trouble.errors.map(({ field, message }) => (
            <li key={`${field} ${message}`}>{field === '' ? message : `${field}: ${message}`}</li>
          ))}
        </ul>
      )}
      {trouble.requestId !== undefined && (
        <p class="request-id">
          {words.requestId} <code>{trouble.requestId}</code>
        </p>
      )}
      {children !== undefined && <div class="trouble-actions">{children}</div>}
    </div>
  )
}
