/** The header's two personal parts: the name, and the way to the admin page for admins. */

import { effect } from '@preact/signals'
import type { Me } from '#contract/api.ts'
import type { Resource } from '../api/resource.ts'
import { find } from '../browser/find.ts'

/** Keeps the header that the template wrote in step with the account. */
export function connectHeader(account: Resource<Me>): void {
  const name = find('[data-part="account-name"]', HTMLElement)
  const adminLink = find('[data-part="admin-link"]', HTMLElement)
  effect(() => {
    const me = account.data.value
    name.textContent = me?.username ?? ''
    name.title = me?.username ?? ''
    if (me !== undefined) adminLink.hidden = me.role !== 'admin'
  })
}
