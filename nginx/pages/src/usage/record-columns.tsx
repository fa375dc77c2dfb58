import type { UsageRecord } from '#contract/api.ts'
import type { Column } from '../ui/data-table.tsx'
import { RequestId } from '../ui/request-id.tsx'
import { common, usage as words } from '../words/current.ts'
import type { UsageFormats } from './formats.ts'

/**
 * Returns the columns of the records table.
 * @param options.withUser true where records of several people stand together
 */
export function recordColumns(
  formats: UsageFormats,
  { withUser }: { readonly withUser: boolean },
): Column<UsageRecord>[] {
  const duration = (ms: number | null) => (ms === null ? common.none : formats.duration(ms))
  const columns: (Column<UsageRecord> | false)[] = [
    {
      name: 'time',
      title: words.time,
      render: ({ started_at }) => <time dateTime={started_at}>{formats.dateTime(started_at)}</time>,
    },
    withUser && { name: 'user', title: words.user, render: ({ username }) => username },
    {
      name: 'model',
      title: words.model,
      render: ({ model, model_requested }) => model ?? model_requested,
    },
    {
      name: 'input',
      title: words.input,
      isNumber: true,
      render: (record) => (
        <Tokens formats={formats} total={record.prompt_tokens} part={record.cached_tokens} />
      ),
    },
    {
      name: 'output',
      title: words.output,
      isNumber: true,
      render: (record) => (
        <Tokens
          formats={formats}
          total={record.completion_tokens}
          part={record.reasoning_tokens}
          isEstimate={record.estimated}
        />
      ),
    },
    {
      name: 'cost',
      title: words.cost,
      isNumber: true,
      render: ({ cost, currency }) => formats.money(cost, currency),
    },
    {
      name: 'status',
      title: words.status,
      render: ({ ending }) => <span class={`tag tag-${ending}`}>{words[ending]}</span>,
    },
    {
      name: 'first-token',
      title: words.firstToken,
      isNumber: true,
      render: ({ first_token_ms }) => duration(first_token_ms),
    },
    {
      name: 'duration',
      title: words.duration,
      isNumber: true,
      render: ({ duration_ms }) => duration(duration_ms),
    },
    {
      name: 'request-id',
      title: words.requestId,
      render: ({ request_id }) => <RequestId id={request_id} />,
    },
  ]
  return columns.filter((column) => column !== false)
}

interface TokensProps {
  readonly formats: UsageFormats
  readonly total: number
  /** How many of them were cached, or spent on reasoning. */
  readonly part: number
  readonly isEstimate?: boolean
}

function Tokens({ formats, total, part, isEstimate = false }: TokensProps) {
  return (
    <>
      {isEstimate && <abbr title={words.estimatedHint}>≈</abbr>}
      {formats.count(total)} <span class="part">({formats.count(part)})</span>
    </>
  )
}
