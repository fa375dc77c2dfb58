import { useMemo } from 'preact/hooks'
import type { ProxyLogView } from '#contract/api.ts'
import type { PagedList } from '../api/paged-list.ts'
import type { Column } from '../ui/data-table.tsx'
import { PagedTable } from '../ui/paged-table.tsx'
import { RequestId } from '../ui/request-id.tsx'
import type { UsageFormats } from '../usage/formats.ts'
import { common, usage, admin as words } from '../words/current.ts'
import { LogFilter, type LogQuery } from './log-filter.tsx'

interface LogsSectionProps {
  readonly logs: PagedList<ProxyLogView>
  readonly formats: UsageFormats
  readonly onQuery: (query: LogQuery) => void
}

/** What went through the gate, newest first. */
export function LogsSection({ logs, formats, onQuery }: LogsSectionProps) {
  const columns = useMemo(() => logColumns(formats), [formats])
  return (
    <section id="logs" aria-labelledby="logs-title">
      <h2 id="logs-title">{words.logs}</h2>
      <LogFilter onQuery={onQuery} />
      <PagedTable
        labelledBy="logs-title"
        list={logs}
        columns={columns}
        keyOf={(log) => `${log.created_at} ${log.request_id}`}
        empty={<p>{words.logsEmpty}</p>}
      />
    </section>
  )
}

function logColumns(formats: UsageFormats): Column<ProxyLogView>[] {
  return [
    {
      name: 'time',
      title: words.logTime,
      render: ({ created_at }) => <time dateTime={created_at}>{formats.dateTime(created_at)}</time>,
    },
    { name: 'user', title: words.logUser, render: ({ username }) => username ?? common.none },
    { name: 'ip', title: words.logIp, render: ({ ip }) => <code>{ip}</code> },
    {
      name: 'request',
      title: words.logRequest,
      render: ({ method, path }) => (
        <code class="path" title={path}>
          {method} {path}
        </code>
      ),
    },
    {
      name: 'result',
      title: words.logResult,
      render: ({ status, completed }) => (
        <>
          <span class={`tag ${toneOf(status)}`}>{status}</span>{' '}
          {!completed && <span class="tag tag-stopped">{words.logAborted}</span>}
        </>
      ),
    },
    {
      name: 'duration',
      title: words.logDuration,
      isNumber: true,
      render: ({ duration_ms }) => formats.duration(duration_ms),
    },
    {
      name: 'upstream',
      title: words.logUpstream,
      isNumber: true,
      render: ({ upstream_status }) => upstream_status ?? common.none,
    },
    { name: 'verdict', title: words.logVerdict, render: ({ verdict }) => verdict },
    {
      name: 'request-id',
      title: usage.requestId,
      render: ({ request_id }) => <RequestId id={request_id} />,
    },
  ]
}

function toneOf(status: number): string {
  if (status >= 500) return 'tag-upstream_error'
  return status >= 400 ? 'tag-stopped' : 'tag-done'
}
