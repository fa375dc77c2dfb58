import type { Signal } from '@preact/signals'
import type { ChatModel } from '#contract/api.ts'
import type { Resource } from '../api/resource.ts'
import { chat as words } from '../words/current.ts'

/** GET /api/models */
export interface ModelList {
  readonly models: readonly ChatModel[]
}

interface ModelSelectProps {
  readonly list: Resource<ModelList>
  /** Id of the chosen model; undefined leaves the choice to the server. */
  readonly chosen: Signal<string | undefined>
}

/** Which model answers. Without a list the server's default does, so the chat still works. */
export function ModelSelect({ list, chosen }: ModelSelectProps) {
  const models = list.data.value?.models ?? []
  const current = chosen.value ?? models.find((model) => model.default)?.id ?? ''
  return (
    <select
      class="select"
      aria-label={words.model}
      value={current}
      disabled={models.length === 0}
      onChange={(event) => {
        chosen.value = event.currentTarget.value
      }}
    >
      {models.length === 0 && <option value="">{words.defaultModel}</option>}
      {models.map(({ id, name }) => (
        <option key={id} value={id} selected={id === current}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** Whether the model thinks before it answers. */
export function ThinkingToggle({ isOn }: { readonly isOn: Signal<boolean> }) {
  return (
    <label class="toggle" title={words.thinkingHint}>
      <input
        type="checkbox"
        checked={isOn.value}
        onChange={(event) => {
          isOn.value = event.currentTarget.checked
        }}
      />
      {words.thinking}
    </label>
  )
}
