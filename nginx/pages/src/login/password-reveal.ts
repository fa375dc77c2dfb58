/** The button that shows the password while it is being typed. */

import { login as words } from '../words/current.ts'

/** Makes the button work and shows it; without script it stays hidden. */
export function connectPasswordReveal(input: HTMLInputElement, button: HTMLButtonElement): void {
  const show = (isShown: boolean) => {
    input.type = isShown ? 'text' : 'password'
    button.setAttribute('aria-pressed', String(isShown))
    const label = isShown ? words.hidePassword : words.showPassword
    button.setAttribute('aria-label', label)
    button.title = label
  }
  button.hidden = false
  button.addEventListener('click', () => show(input.type === 'password'))
  // A shown password would be offered as an ordinary text field's history.
  input.form?.addEventListener('submit', () => show(false))
}
