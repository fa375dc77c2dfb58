/** Entry of the admin page. */

import { render } from 'preact'
import type { Page, ProxyLogView, UsageRecord, UsageSummary } from '#contract/api.ts'
import { AdminPage } from './admin/admin-page.tsx'
import type { NewKey, SavedKey } from './admin/key-form.tsx'
import type { KeyList } from './admin/keys-section.tsx'
import { EVERY_LOG, type LogQuery } from './admin/log-filter.tsx'
import { createPagedList, withQuery } from './api/paged-list.ts'
import { createResource } from './api/resource.ts'
import { openSignedInPage } from './shell/page.ts'
import { createUsageFormats } from './usage/formats.ts'

const { api, account, lang, main } = openSignedInPage()
const summary = createResource(() => api.get<UsageSummary>('/admin/api/usage/summary'))
const keys = createResource(() => api.get<KeyList>('/admin/api/keys'))
const records = createPagedList((cursor) =>
  api.get<Page<UsageRecord>>(withQuery('/admin/api/usage/records', { cursor })),
)
let logQuery: LogQuery = EVERY_LOG
const logs = createPagedList((cursor) =>
  api.get<Page<ProxyLogView>>(withQuery('/admin/api/logs', { ...logQuery, cursor })),
)

async function saveKey(key: NewKey): Promise<SavedKey> {
  const saved = await api.post<SavedKey>('/admin/api_key', key)
  // The notice about a missing key may be gone now, too.
  void keys.load()
  void account.load()
  return saved
}

for (const resource of [summary, keys]) void resource.load()
for (const list of [records, logs]) void list.reload()
main.replaceChildren()
render(
  <AdminPage
    account={account}
    summary={summary}
    keys={keys}
    records={records}
    logs={logs}
    formats={createUsageFormats(lang, summary)}
    saveKey={saveKey}
    queryLogs={(query) => {
      logQuery = query
      void logs.reload()
    }}
  />,
  main,
)
// The link of a notice leads to a section that did not exist when the browser looked for it.
document.getElementById(location.hash.slice(1))?.scrollIntoView()
