import { type Signal, signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Trouble, troubleOf } from '../api/trouble.ts'
import { Field } from '../ui/field.tsx'
import { TroubleCard } from '../ui/trouble-card.tsx'
import { admin as words } from '../words/current.ts'
import { fill } from '../words/fill.ts'

/** Body of POST /admin/api_key. */
export interface NewKey {
  readonly api_key: string
  readonly alias: string
  readonly base_url?: string
  readonly weight?: number
}

/** Answer of POST /admin/api_key. */
export interface SavedKey {
  readonly id: string
  readonly alias: string
  readonly last4: string
}

interface KeyFormProps {
  /** Sends the key; rejects with ApiFailure. */
  readonly save: (key: NewKey) => Promise<SavedKey>
}

type Outcome = { readonly saved: SavedKey } | { readonly trouble: Trouble } | undefined

/** Adds a key, or replaces the one with the same alias. The key leaves the page once it is saved. */
export function KeyForm({ save }: KeyFormProps) {
  const isBusy = useMemo(() => signal(false), [])
  const outcome: Signal<Outcome> = useMemo(() => signal(undefined), [])

  async function submit(form: HTMLFormElement): Promise<void> {
    if (isBusy.value) return
    isBusy.value = true
    outcome.value = undefined
    try {
      outcome.value = { saved: await save(readKey(new FormData(form))) }
      form.reset()
    } catch (error) {
      outcome.value = { trouble: troubleOf(error) }
    } finally {
      isBusy.value = false
    }
  }

  return (
    <form
      class="card key-form"
      aria-labelledby="key-form-title"
      onSubmit={(event) => {
        event.preventDefault()
        void submit(event.currentTarget)
      }}
    >
      <h3 id="key-form-title">{words.keyForm}</h3>
      <p class="footnote">{words.keyFormHint}</p>
      <div class="fields">
        <Field
          name="api_key"
          label={words.apiKey}
          input={{ type: 'password', autocomplete: 'off', required: true, placeholder: 'sk-…' }}
        />
        <Field
          name="alias"
          label={words.alias}
          hint={words.aliasHint}
          input={{ defaultValue: 'default', required: true, pattern: '[a-z0-9_\\-]{1,64}' }}
        />
      </div>
      <details class="more-fields">
        <summary>{words.advanced}</summary>
        <div class="fields">
          <Field
            name="base_url"
            label={words.baseUrl}
            hint={words.baseUrlHint}
            input={{ type: 'url', placeholder: 'https://api.deepseek.com' }}
          />
          <Field
            name="weight"
            label={words.weight}
            hint={words.weightHint}
            input={{ type: 'number', min: 1, step: 1, placeholder: '1' }}
          />
        </div>
      </details>
      <div class="form-end">
        <button type="submit" class="button button-strong" disabled={isBusy.value}>
          {isBusy.value ? words.savingKey : words.saveKey}
        </button>
        <output>
          {outcome.value !== undefined &&
            'saved' in outcome.value &&
            fill(words.keySaved, {
              alias: outcome.value.saved.alias,
              last4: outcome.value.saved.last4,
            })}
        </output>
      </div>
      {outcome.value !== undefined && 'trouble' in outcome.value && (
        <TroubleCard trouble={outcome.value.trouble} />
      )}
    </form>
  )
}

/** Returns what the form says; fields left empty are left to the server. */
function readKey(data: FormData): NewKey {
  const text = (name: string) => String(data.get(name) ?? '').trim()
  return {
    api_key: text('api_key'),
    alias: text('alias'),
    ...(text('base_url') !== '' && { base_url: text('base_url') }),
    ...(text('weight') !== '' && { weight: Number(text('weight')) }),
  }
}
