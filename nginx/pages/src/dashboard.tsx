/** Entry of the usage page. */

import { render } from 'preact'
import type { Page, UsageRecord, UsageSummary } from '#contract/api.ts'
import { createPagedList, withQuery } from './api/paged-list.ts'
import { createResource } from './api/resource.ts'
import { openSignedInPage } from './shell/page.ts'
import { createUsageFormats } from './usage/formats.ts'
import { UsagePage } from './usage/usage-page.tsx'

const { api, account, lang, main } = openSignedInPage()
const summary = createResource(() => api.get<UsageSummary>('/api/usage/summary'))
const records = createPagedList((cursor) =>
  api.get<Page<UsageRecord>>(withQuery('/api/usage/records', { cursor })),
)
const formats = createUsageFormats(lang, summary)
void summary.load()
void records.reload()
main.replaceChildren()
render(<UsagePage account={account} summary={summary} records={records} formats={formats} />, main)
