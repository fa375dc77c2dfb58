/** Pages that say one thing and need no script: errors, and the question before logging out. */

import { mark } from './header.ts'
import { html, type Markup } from './markup.ts'
import type { PageContent, PageContext } from './page.ts'

/** Returns the page for an address that does not exist or a service that does not answer. */
export function errorPage(context: PageContext): PageContent {
  const { message } = context.words
  return say(context, message.errorTitle, message.errorDetail, again(context))
}

/** Returns the page for somebody who is over a limit. */
export function limitPage(context: PageContext): PageContent {
  const { message } = context.words
  return say(context, message.limitTitle, message.limitDetail, again(context))
}

/** Returns the page for somebody who is not an administrator. */
export function forbiddenPage(context: PageContext): PageContent {
  const { message } = context.words
  return say(context, message.forbiddenTitle, message.forbiddenDetail, home(context))
}

/** Returns the page that asks before a link of another site logs somebody out. */
export function logoutPage(context: PageContext): PageContent {
  const { message } = context.words
  const actions = html`<a class="button button-strong" href="/logout">${message.logOut}</a> <a class="button" href="/">${message.home}</a>`
  return say(context, message.logoutTitle, message.logoutDetail, actions)
}

/** An empty address is that of the page itself, by GET, also where a form led to it. */
function again({ words: { message } }: PageContext): Markup {
  return html`<a class="button button-strong" href="">${message.again}</a> <a class="button" href="/">${message.home}</a>`
}

/** A line that nginx writes if it knows the time (nginx/snippets/error-pages.conf). */
function wait({ words: { message } }: PageContext): Markup {
  const [before, after] = message.wait.split('{wait}')
  return html`<!--# if expr="$gate_wait" --><p>${before}<strong><!--# echo var="gate_wait" --></strong>${after}</p><!--# endif -->`
}

function home({ words: { message } }: PageContext): Markup {
  return html`<a class="button button-strong" href="/">${message.home}</a>`
}

function say(context: PageContext, title: string, detail: string, actions: Markup): PageContent {
  const body = html`<main class="moon-gate">
<div class="message-box">
<a class="brand" href="/">${mark()}<span>${context.words.common.product}</span></a>
<h1>${title}</h1>
<p>${detail}</p>
${wait(context)}
<p class="message-actions">${actions}</p>
</div>
</main>`
  return { title, body }
}
