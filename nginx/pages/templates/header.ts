/** The header of the pages behind the login. */

import { html, type Markup } from './markup.ts'
import type { PageContext } from './page.ts'

export type Section = 'chat' | 'dashboard' | 'admin'

/** Returns the header with one section marked as the current one. */
export function header({ lang, words: { common } }: PageContext, current: Section): Markup {
  const link = (section: Section, part?: Markup) =>
    html`<a href="/${section}"${current === section && html` aria-current="page"`}${part}>${common[section]}</a>`
  // The admin link waits for the role; on the admin page itself the gate has already checked it.
  const adminPart =
    current === 'admin' ? html` data-part="admin-link"` : html` data-part="admin-link" hidden`
  return html`<a class="skip" href="#main">${common.skipToContent}</a>
<header class="site">
<a class="brand" href="/chat">${mark()}<span>${common.product}</span></a>
<nav aria-label="${common.mainNavigation}">${link('chat')}${link('dashboard')}${link('admin', adminPart)}</nav>
<div class="site-end">
<span class="account"><span class="visually-hidden">${common.account}</span> <span data-part="account-name"></span></span>
${languageSwitch(lang, common)}
<a class="log-out" href="/logout">${common.logOut}</a>
</div>
</header>`
}

/** Returns the button that changes to the other language; script shows it. */
export function languageSwitch(
  lang: PageContext['lang'],
  common: PageContext['words']['common'],
): Markup {
  const other = lang === 'en' ? 'zh-CN' : 'en'
  return html`<button type="button" class="language" name="lang" value="${other}" lang="${other}" aria-label="${common.switchLanguageLabel}" hidden>${common.switchLanguage}</button>`
}

/** Returns the sign of Chatgate: a round gate in a wall, with the ground seen through it. */
export function mark(): Markup {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect class="mark-wall" width="32" height="32" rx="8"/><circle class="mark-gate" cx="16" cy="16" r="10"/><path class="mark-ground" d="M7.3 21a10 10 0 0 0 17.4 0z"/></svg>`
}
