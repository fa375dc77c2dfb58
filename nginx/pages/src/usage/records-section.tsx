import { useMemo } from 'preact/hooks'
import type { UsageRecord } from '#contract/api.ts'
import type { PagedList } from '../api/paged-list.ts'
import { PagedTable } from '../ui/paged-table.tsx'
import { usage as words } from '../words/current.ts'
import type { UsageFormats } from './formats.ts'
import { recordColumns } from './record-columns.tsx'

interface RecordsSectionProps {
  readonly title: string
  readonly records: PagedList<UsageRecord>
  readonly formats: UsageFormats
  readonly withUser: boolean
}

/** The list of model calls, newest first. */
export function RecordsSection({ title, records, formats, withUser }: RecordsSectionProps) {
  const columns = useMemo(() => recordColumns(formats, { withUser }), [formats, withUser])
  return (
    <section id="records" aria-labelledby="records-title">
      <h2 id="records-title">{title}</h2>
      <PagedTable
        labelledBy="records-title"
        list={records}
        columns={columns}
        keyOf={(record) => record.request_id}
        empty={
          <>
            <p>{words.recordsEmpty}</p>
            {!withUser && (
              <p>
                <a href="/chat">{words.recordsEmptyHint}</a>
              </p>
            )}
          </>
        }
      />
    </section>
  )
}
