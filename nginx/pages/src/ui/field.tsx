import type { InputHTMLAttributes } from 'preact'

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly input?: InputHTMLAttributes<HTMLInputElement>
}

/** A labelled input with an optional hint below it. */
export function Field({ name, label, hint, input }: FieldProps) {
  const id = `field-${name}`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        class="input"
        spellcheck={false}
        autocomplete="off"
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        {...input}
      />
      {hint !== undefined && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
    </div>
  )
}
