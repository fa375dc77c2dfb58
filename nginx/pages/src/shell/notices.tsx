import type { Me, Notice } from '#contract/api.ts'
import type { Resource } from '../api/resource.ts'
import { LoadState } from '../ui/load-state.tsx'
import { notices as words } from '../words/current.ts'

interface NoticesProps {
  readonly account: Resource<Me>
  /** True on the admin page itself, where a link to it would lead nowhere. */
  readonly isAdminPage?: boolean
}

const ABOUT_KEYS: ReadonlySet<Notice> = new Set(['standin_upstream', 'no_upstream_key'])

/** What this person should know about, from GET /api/me; or that it could not be loaded. */
export function Notices({ account, isAdminPage = false }: NoticesProps) {
  const me = account.data.value
  if (me === undefined) {
    if (account.trouble.value === undefined) return null
    return <LoadState source={account} retry={account.load} />
  }
  // A newer server may know notices that this page has no words for.
  const known = me.notices.filter((notice) => notice in words)
  if (known.length === 0) return null
  return (
    <section class="notice" aria-label={words.label}>
      {known.map((notice) => (
        <p key={notice}>
          {words[notice]}{' '}
          {me.role === 'admin' && !isAdminPage && (
            <a href={ABOUT_KEYS.has(notice) ? '/admin#keys' : '/admin'}>
              {ABOUT_KEYS.has(notice) ? words.addKey : words.openAdmin}
            </a>
          )}
        </p>
      ))}
    </section>
  )
}
