/** Entry of the login page. The form works without it; with it, a failure keeps the page. */

import { createApi } from './api/client.ts'
import { find } from './browser/find.ts'
import { connectLanguageSwitch } from './browser/language-switch.ts'
import { nextPath } from './browser/next-path.ts'
import { connectLoginForm } from './login/form.ts'
import { connectPasswordReveal } from './login/password-reveal.ts'

const next = nextPath(location.search)
connectLanguageSwitch()
connectPasswordReveal(
  find('#password', HTMLInputElement),
  find('[data-part="reveal"]', HTMLButtonElement),
)
connectLoginForm({
  api: createApi({
    fetch: (input, init) => fetch(input, init),
    isOnline: () => navigator.onLine,
  }),
  next,
  form: find('form', HTMLFormElement),
  message: find('[data-part="message"]', HTMLElement),
  go: (path) => location.replace(path),
})
