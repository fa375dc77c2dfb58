/**
 * Whether $gate_place and $gate_common, the two texts in which the gate gets its settings, together name
 * every variable once, each with its own value. One that is left out would be read as empty.
 */

import { namesIn } from './gate-names.ts'
import { GATE_VARIABLES } from './gate-values.ts'
import type { Problem } from './problem.ts'
import type { Definition } from './variable-definitions.ts'

/** The text of what differs between locations, and the text of what is the same for every request. */
const TEXTS = ['gate_place', 'gate_common']

/**
 * Returns the lines that are missing or mixed up.
 * @param bundle text of the bundle that nginx loads
 */
export function checkSettingsText(
  definitions: readonly Definition[],
  bundle: string,
): readonly Problem[] {
  const named = namesIn(bundle)
  const texts = definitions.filter(({ name }) => TEXTS.includes(name))
  const lines = texts.flatMap(({ text = '' }) => text.split('\n'))
  const missing = Object.keys(GATE_VARIABLES)
    .filter((name) => named.has(name) && !isReadByItself(bundle, name))
    .map((name) => `${name}=$${name}`)
    .filter((line) => !lines.includes(line))
  const [first] = texts
  if (missing.length === 0 || first === undefined) return []
  const { file, line } = first.at
  const message = `${TEXTS.map((name) => `$${name}`).join(' and ')} lack ${missing.join(', ')}`
  return [{ file, line, message }]
}

function isReadByItself(bundle: string, name: string): boolean {
  return new RegExp(`\\.${name}\\b|variables\\[["']${name}["']\\]`).test(bundle)
}
