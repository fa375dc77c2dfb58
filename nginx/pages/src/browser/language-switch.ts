/** The button that changes the language: a cookie that nginx reads, and a reload. */

import { LANG_COOKIE } from '#contract/lang.ts'

const YEAR_MS = 365 * 24 * 3600 * 1000

/**
 * Makes the language button work and shows it. It stays hidden without script and in browsers
 * without a cookie store; there the browser's own language setting decides.
 */
export function connectLanguageSwitch(): void {
  if (!('cookieStore' in window)) return
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[name="lang"]')) {
    button.hidden = false
    button.addEventListener('click', async () => {
      // A cookie store cookie is always Secure.
      await cookieStore.set({
        name: LANG_COOKIE,
        value: button.value,
        path: '/',
        sameSite: 'lax',
        expires: Date.now() + YEAR_MS,
      })
      location.reload()
    })
  }
}
