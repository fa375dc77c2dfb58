import { Field } from '../ui/field.tsx'
import { admin as words } from '../words/current.ts'

/** What the access log is narrowed to; an empty text narrows nothing. */
export interface LogQuery {
  readonly status: string
  readonly path: string
}

export const EVERY_LOG: LogQuery = { status: '', path: '' }

/** Narrows the access log by status code and path. */
export function LogFilter({ onQuery }: { readonly onQuery: (query: LogQuery) => void }) {
  return (
    <form
      class="filter"
      aria-label={words.logFilter}
      onSubmit={(event) => {
        event.preventDefault()
        const data = new FormData(event.currentTarget)
        const text = (name: string) => String(data.get(name) ?? '').trim()
        onQuery({ status: text('status'), path: text('path') })
      }}
      onReset={() => onQuery(EVERY_LOG)}
    >
      <Field
        name="status"
        label={words.logStatus}
        input={{ inputmode: 'numeric', pattern: '[1-5][0-9]{2}', placeholder: words.logStatusHint }}
      />
      <Field
        name="path"
        label={words.logPath}
        input={{ pattern: '/.*', placeholder: words.logPathHint }}
      />
      <button type="submit" class="button button-strong">
        {words.apply}
      </button>
      <button type="reset" class="button">
        {words.reset}
      </button>
    </form>
  )
}
