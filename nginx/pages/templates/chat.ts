import { header } from './header.ts'
import { html } from './markup.ts'
import type { PageContent, PageContext } from './page.ts'

/** Returns the chat page: a box to write in, at its final place, before any script has run. */
export function chatPage(context: PageContext): PageContent {
  const { chat, common } = context.words
  const body = html`${header(context, 'chat')}
<main id="main">
<div class="transcript"><div class="transcript-scroll"><div class="turns"><div class="welcome"><h1>${chat.emptyTitle}</h1><p>${chat.emptyHint}</p></div></div></div></div>
<div class="dock">
<noscript><p class="card notice">${common.needsScript}</p></noscript>
<form class="composer">
<textarea name="message" rows="1" aria-label="${chat.message}" placeholder="${chat.placeholder}"></textarea>
<div class="composer-bar"><button type="button" class="button button-round" aria-label="${chat.send}" disabled></button></div>
</form>
</div>
</main>`
  return { title: chat.title, body }
}
