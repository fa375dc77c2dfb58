import type { UsageSummary, UsageTotals } from '#contract/api.ts'
import type { Resource } from '../api/resource.ts'
import { LoadState } from '../ui/load-state.tsx'
import { usage as words } from '../words/current.ts'
import type { UsageFormats } from './formats.ts'

const PERIODS = ['today', 'week', 'month', 'total'] as const

interface SummaryCardsProps {
  readonly summary: Resource<UsageSummary>
  readonly formats: UsageFormats
}

/** What was used today, this week, this month and in all. */
export function SummaryCards({ summary, formats }: SummaryCardsProps) {
  const data = summary.data.value
  return (
    <>
      <div class="cards" aria-busy={summary.isLoading.value}>
        {PERIODS.map((period) => (
          <PeriodCard key={period} period={period} totals={data?.[period]} formats={formats} />
        ))}
      </div>
      {summary.trouble.value !== undefined && <LoadState source={summary} retry={summary.load} />}
      {data !== undefined && (
        <p class="footnote">
          {words.timezone.replace('{zone}', data.timezone)} · {words.weekStarts}
        </p>
      )}
    </>
  )
}

interface PeriodCardProps {
  readonly period: (typeof PERIODS)[number]
  /** Undefined while loading: the card already has its final size. */
  readonly totals: UsageTotals | undefined
  readonly formats: UsageFormats
}

function PeriodCard({ period, totals, formats }: PeriodCardProps) {
  const count = (value: number | undefined) =>
    value === undefined ? (
      <Unknown />
    ) : (
      <span title={formats.count(value)}>{formats.shortCount(value)}</span>
    )
  return (
    <article class="card period" aria-labelledby={`period-${period}`}>
      <h3 id={`period-${period}`}>{words[period]}</h3>
      <p class="period-total">
        <b>{count(totals?.total_tokens)}</b> {words.tokens}
      </p>
      <ShareBar totals={totals} />
      <dl>
        <div class="share-input">
          <dt>{words.tokensInput}</dt>
          <dd>{count(totals?.prompt_tokens)}</dd>
        </div>
        <div class="share-output">
          <dt>{words.tokensOutput}</dt>
          <dd>{count(totals?.completion_tokens)}</dd>
        </div>
        <div>
          <dt>{words.requests}</dt>
          <dd>{count(totals?.requests)}</dd>
        </div>
        <div>
          <dt>{words.cost}</dt>
          <dd>
            {totals === undefined ? <Unknown /> : formats.money(totals.cost, totals.currency)}
          </dd>
        </div>
      </dl>
    </article>
  )
}

/** Input beside output as one bar; the numbers stand below it, so it is hidden from readers. */
function ShareBar({ totals }: { readonly totals: UsageTotals | undefined }) {
  const input = totals?.prompt_tokens ?? 0
  const output = totals?.completion_tokens ?? 0
  return (
    <div class="share" aria-hidden="true">
      <span class="share-input" style={{ flexGrow: String(input) }} />
      <span class="share-output" style={{ flexGrow: String(output) }} />
    </div>
  )
}

const Unknown = () => <span class="unknown">—</span>
