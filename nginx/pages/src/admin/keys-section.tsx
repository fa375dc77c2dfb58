import { useMemo } from 'preact/hooks'
import type { ApiKeyView } from '#contract/api.ts'
import type { KeyState } from '#contract/key-state.ts'
import type { Resource } from '../api/resource.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { LoadState } from '../ui/load-state.tsx'
import type { UsageFormats } from '../usage/formats.ts'
import { common, admin as words } from '../words/current.ts'
import { KeyForm, type NewKey, type SavedKey } from './key-form.tsx'

/** GET /admin/api/keys */
export interface KeyList {
  readonly keys: readonly ApiKeyView[]
}

interface KeysSectionProps {
  readonly keys: Resource<KeyList>
  readonly formats: UsageFormats
  readonly save: (key: NewKey) => Promise<SavedKey>
}

/** The keys at the model provider, and the form that adds one. */
export function KeysSection({ keys, formats, save }: KeysSectionProps) {
  const columns = useMemo(() => keyColumns(formats), [formats])
  const list = keys.data.value?.keys
  return (
    <section id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">{words.keys}</h2>
      <KeyForm save={save} />
      {list?.length === 0 && <p class="empty">{words.keysEmpty}</p>}
      {list !== undefined && list.length > 0 && (
        <DataTable labelledBy="keys-title" columns={columns} rows={list} keyOf={({ id }) => id} />
      )}
      {(list === undefined || keys.trouble.value !== undefined) && (
        <LoadState source={keys} retry={keys.load} />
      )}
    </section>
  )
}

function keyColumns(formats: UsageFormats): Column<ApiKeyView>[] {
  return [
    { name: 'alias', title: words.alias, render: ({ alias }) => alias },
    { name: 'ending', title: words.keyEnding, render: ({ last4 }) => <code>••••{last4}</code> },
    { name: 'state', title: words.keyState, render: (key) => <StateCell {...key} /> },
    { name: 'url', title: words.baseUrl, render: ({ base_url }) => base_url },
    {
      name: 'weight',
      title: words.weight,
      isNumber: true,
      render: ({ weight }) => formats.count(weight),
    },
    {
      name: 'created',
      title: words.keyCreated,
      render: ({ created_at }) => <time dateTime={created_at}>{formats.dateTime(created_at)}</time>,
    },
    {
      name: 'used',
      title: words.keyLastUsed,
      render: ({ last_used_at }) =>
        last_used_at === null ? (
          common.none
        ) : (
          <time dateTime={last_used_at}>{formats.dateTime(last_used_at)}</time>
        ),
    },
  ]
}

/** The server says why, in the reader's language. */
function StateCell({ state, reason, standin }: Pick<ApiKeyView, 'state' | 'reason' | 'standin'>) {
  const { tag, title } = STATES[state]
  return (
    <>
      <span class={`tag ${tag}`}>{title}</span>{' '}
      {standin && <span class="tag tag-open">{words.keyStandin}</span>}
      {reason !== null && state !== 'disabled' && <div class="footnote">{reason}</div>}
    </>
  )
}

const BROKEN = { tag: 'tag-upstream_error', title: words.keyBroken }
const RESTING = { tag: 'tag-stopped', title: words.keyResting }

const STATES: Readonly<Record<KeyState, { readonly tag: string; readonly title: string }>> = {
  ok: { tag: 'tag-done', title: words.keyEnabled },
  disabled: { tag: '', title: words.keyDisabled },
  unusable: BROKEN,
  rejected: BROKEN,
  no_balance: BROKEN,
  cooling: RESTING,
  failing: RESTING,
}
