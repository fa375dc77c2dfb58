import { languageSwitch, mark } from './header.ts'
import { html } from './markup.ts'
import type { PageContent, PageContext } from './page.ts'

/** Returns the login page. Its form works without script; what there is to say comes back as #failed or #must-change. */
export function loginPage({ lang, words }: PageContext): PageContent {
  const { login, common } = words
  const body = html`<div class="login-top">${languageSwitch(lang, common)}</div>
<main class="moon-gate">
<form method="post" action="/login">
<div class="login-brand">${mark()}<h1>${common.product}</h1><p>${common.tagline}</p></div>
<p class="login-failed" id="failed" role="alert">${login.failed}</p>
<p class="login-failed" id="must-change" role="alert">${login.mustChange}</p>
<div class="field">
<label for="username">${login.username}</label>
<input class="input" id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus>
</div>
<div class="field">
<label for="password">${login.password}</label>
<div class="reveal">
<input class="input" id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
<button type="button" data-part="reveal" aria-pressed="false" aria-label="${login.showPassword}" title="${login.showPassword}" hidden><svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5z"/><circle cx="10" cy="10" r="2.2"/></svg></button>
</div>
</div>
<input type="hidden" name="next" value="">
<button type="submit" class="button button-strong">${login.submit}</button>
<div class="login-message" data-part="message" role="alert"></div>
</form>
</main>`
  return { title: login.title, body }
}
