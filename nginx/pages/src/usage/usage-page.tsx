import type { ReadonlySignal } from '@preact/signals'
import type { Me, UsageRecord, UsageSummary } from '#contract/api.ts'
import type { PagedList } from '../api/paged-list.ts'
import type { Resource } from '../api/resource.ts'
import { Notices } from '../shell/notices.tsx'
import { usage as words } from '../words/current.ts'
import type { UsageFormats } from './formats.ts'
import { RecordsSection } from './records-section.tsx'
import { RefreshBar } from './refresh-bar.tsx'
import { SummaryCards } from './summary-cards.tsx'

interface UsagePageProps {
  readonly account: Resource<Me>
  readonly summary: Resource<UsageSummary>
  readonly records: PagedList<UsageRecord>
  readonly formats: ReadonlySignal<UsageFormats>
}

/** What one person has used. */
export function UsagePage({ account, summary, records, formats }: UsagePageProps) {
  const loadedAt = summary.loadedAt.value
  return (
    <>
      <Notices account={account} />
      <div class="page-head">
        <div>
          <h1>{words.title}</h1>
          <p>{words.subtitle}</p>
        </div>
        <RefreshBar
          updatedAt={loadedAt === undefined ? undefined : formats.value.timeOfDay(loadedAt)}
          isLoading={summary.isLoading.value || records.isLoading.value}
          onRefresh={() => {
            void summary.load()
            void records.reload()
          }}
        />
      </div>
      <section aria-labelledby="summary-title">
        <h2 id="summary-title" class="visually-hidden">
          {words.summary}
        </h2>
        <SummaryCards summary={summary} formats={formats.value} />
      </section>
      <RecordsSection
        title={words.records}
        records={records}
        formats={formats.value}
        withUser={false}
      />
    </>
  )
}
