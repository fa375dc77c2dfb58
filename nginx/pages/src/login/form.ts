/** Signing in without leaving the page, so that a failure keeps what was typed. */

import type { SignedIn } from '#contract/api.ts'
import type { Api } from '../api/client.ts'
import { type Trouble, troubleOf } from '../api/trouble.ts'
import { startCountdown } from '../browser/countdown.ts'
import { find } from '../browser/find.ts'
import { common, login as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'

export interface LoginForm {
  readonly api: Api
  /** Own path to go to after signing in. */
  readonly next: string
  readonly form: HTMLFormElement
  /** Where failures are told; announced by screen readers. */
  readonly message: HTMLElement
  readonly go: (path: string) => void
}

/** Takes over the form's submit. */
export function connectLoginForm({ api, next, form, message, go }: LoginForm): void {
  const username = find('#username', HTMLInputElement)
  const password = find('#password', HTMLInputElement)
  const submit = find('button[type="submit"]', HTMLButtonElement)
  find('input[name="next"]', HTMLInputElement).value = next
  let isBusy = false

  function setBusy(busy: boolean): void {
    isBusy = busy
    submit.textContent = busy ? words.submitting : words.submit
  }

  function tell(...lines: (string | HTMLElement)[]): void {
    message.replaceChildren(
      ...lines.map((line) => {
        const paragraph = document.createElement('p')
        paragraph.append(line)
        return paragraph
      }),
    )
    message.hidden = lines.length === 0
  }

  function waitOut(seconds: number): void {
    const text = document.createElement('span')
    // A timer is not announced as it ticks, only when it appears.
    text.setAttribute('role', 'timer')
    submit.disabled = true
    startCountdown(seconds, (left) => {
      text.textContent = left === 0 ? words.limitOver : fill(words.limited, { seconds: left })
      submit.disabled = left > 0
    })
    tell(text)
  }

  function tellTrouble(trouble: Trouble): void {
    if (trouble.status === 429) {
      waitOut(trouble.retryAfter ?? 1)
    } else if (trouble.status === 401) {
      tell(words.failed)
      password.select()
    } else if (trouble.requestId === undefined) {
      tell(trouble.title, trouble.detail)
    } else {
      const id = document.createElement('code')
      id.textContent = `${common.requestId} ${trouble.requestId}`
      tell(trouble.title, trouble.detail, id)
    }
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (isBusy || submit.disabled) return
    setBusy(true)
    tell()
    try {
      const credentials = { username: username.value, password: password.value }
      const { must_change: mustChange } = await api.post<SignedIn>('/login', credentials)
      if (!mustChange) return go(next)
      setBusy(false)
      tell(words.mustChange)
    } catch (error) {
      setBusy(false)
      tellTrouble(troubleOf(error))
    }
  })
}
