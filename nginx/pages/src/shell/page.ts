/** What every page of a signed-in person shares: the API client, who they are, and the header. */

import type { Me } from '#contract/api.ts'
import { type Api, createApi } from '../api/client.ts'
import { createResource, type Resource } from '../api/resource.ts'
import { find } from '../browser/find.ts'
import { connectLanguageSwitch } from '../browser/language-switch.ts'
import { loginPath } from '../browser/next-path.ts'
import { connectHeader } from './header.ts'

export interface SignedInPage {
  readonly api: Api
  readonly account: Resource<Me>
  /** Language of the page (BCP 47). */
  readonly lang: string
  /** Where the page puts its content. */
  readonly main: HTMLElement
}

/** Connects the header that the template wrote, and starts to load who is signed in. */
export function openSignedInPage(): SignedInPage {
  const api = createApi({
    fetch: (input, init) => fetch(input, init),
    isOnline: () => navigator.onLine,
    onUnauthenticated: () => location.assign(loginPath(location.pathname + location.search)),
  })
  const account = createResource(() => api.get<Me>('/api/me'))
  connectLanguageSwitch()
  connectHeader(account)
  void account.load()
  return { api, account, lang: document.documentElement.lang, main: find('main', HTMLElement) }
}
