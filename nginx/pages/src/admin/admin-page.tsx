import type { ReadonlySignal } from '@preact/signals'
import type { Me, ProxyLogView, UsageRecord, UsageSummary } from '#contract/api.ts'
import type { PagedList } from '../api/paged-list.ts'
import type { Resource } from '../api/resource.ts'
import { Notices } from '../shell/notices.tsx'
import type { UsageFormats } from '../usage/formats.ts'
import { RecordsSection } from '../usage/records-section.tsx'
import { RefreshBar } from '../usage/refresh-bar.tsx'
import { SummaryCards } from '../usage/summary-cards.tsx'
import { admin as words } from '../words/current.ts'
import type { NewKey, SavedKey } from './key-form.tsx'
import { type KeyList, KeysSection } from './keys-section.tsx'
import type { LogQuery } from './log-filter.tsx'
import { LogsSection } from './logs-section.tsx'

export interface AdminPageProps {
  readonly account: Resource<Me>
  readonly summary: Resource<UsageSummary>
  readonly keys: Resource<KeyList>
  readonly records: PagedList<UsageRecord>
  readonly logs: PagedList<ProxyLogView>
  readonly formats: ReadonlySignal<UsageFormats>
  readonly saveKey: (key: NewKey) => Promise<SavedKey>
  readonly queryLogs: (query: LogQuery) => void
}

/** Keys, usage of everybody and the access log. */
export function AdminPage(props: AdminPageProps) {
  const { account, summary, keys, records, logs, formats, saveKey, queryLogs } = props
  if (account.data.value !== undefined && account.data.value.role !== 'admin') return <NotAdmin />
  const loadedAt = summary.loadedAt.value
  const refresh = () => {
    for (const resource of [account, summary, keys]) void resource.load()
    for (const list of [records, logs]) void list.reload()
  }
  return (
    <>
      <Notices account={account} isAdminPage />
      <div class="page-head">
        <div>
          <h1>{words.title}</h1>
          <p>{words.subtitle}</p>
        </div>
        <RefreshBar
          updatedAt={loadedAt === undefined ? undefined : formats.value.timeOfDay(loadedAt)}
          isLoading={summary.isLoading.value}
          onRefresh={refresh}
        />
      </div>
      <nav class="sections" aria-label={words.sections}>
        <a href="#overview">{words.overview}</a>
        <a href="#keys">{words.keys}</a>
        <a href="#records">{words.records}</a>
        <a href="#logs">{words.logs}</a>
      </nav>
      <section id="overview" aria-labelledby="overview-title">
        <h2 id="overview-title">{words.overview}</h2>
        <SummaryCards summary={summary} formats={formats.value} />
      </section>
      <KeysSection keys={keys} formats={formats.value} save={saveKey} />
      <RecordsSection title={words.records} records={records} formats={formats.value} withUser />
      <LogsSection logs={logs} formats={formats.value} onQuery={queryLogs} />
    </>
  )
}

/** For somebody whose rights ended while the page was open; nginx keeps everybody else away. */
function NotAdmin() {
  return (
    <div class="empty">
      <p>{words.adminOnly}</p>
      <p>
        <a href="/chat">{words.backToChat}</a>
      </p>
    </div>
  )
}
