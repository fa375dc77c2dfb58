/** The usage page and the admin page: a heading, until the figures are there. */

import { header } from './header.ts'
import { html, type Markup } from './markup.ts'
import type { PageContent, PageContext } from './page.ts'

/** Returns the usage page. */
export function dashboardPage(context: PageContext): PageContent {
  const { title, subtitle } = context.words.usage
  const body = html`${header(context, 'dashboard')}${waiting(context, title, subtitle)}`
  return { title, body }
}

/** Returns the admin page. */
export function adminPage(context: PageContext): PageContent {
  const { title, subtitle } = context.words.admin
  const body = html`${header(context, 'admin')}${waiting(context, title, subtitle)}`
  return { title, body }
}

function waiting({ words: { common } }: PageContext, title: string, subtitle: string): Markup {
  return html`
<main id="main">
<noscript><p class="card notice">${common.needsScript}</p></noscript>
<div class="page-head"><div><h1>${title}</h1><p>${subtitle}</p></div></div>
<p class="loading">${common.loading}</p>
</main>`
}
