/**
 * Whether the names of the gate's variables and shared zones are spelt as the gate spells them. To
 * nginx `set $gate_limt …` is a variable like any other; the location would have no limit.
 */

import { didYouMean, nearestName } from './did-you-mean.ts'
import { GATE_VARIABLES } from './gate-values.ts'
import type { Directive } from './nginx-parser.ts'
import type { Problem } from './problem.ts'
import { type Definition, findUses } from './variable-definitions.ts'
import { allNamed } from './walk.ts'

/** Where what is missing belongs, as far as one can tell. */
const HOME = 'nginx/templates/tunables.conf'

/**
 * Returns names that are made and never read, read and never made, or needed by the gate and missing.
 * @param bundle text of the bundle that nginx loads; every `gate_…` in it is such a name
 */
export function checkGateNames(
  directives: readonly Directive[],
  definitions: readonly Definition[],
  bundle: string,
): readonly Problem[] {
  const needed = namesIn(bundle)
  const made = definitions.filter(({ name }) => name.startsWith('gate_'))
  const madeNames = new Set(made.map(({ name }) => name))
  const zones = new Set(allNamed(directives, 'js_shared_dict_zone').map(zoneName))
  const uses = findUses(directives).filter(({ name }) => name.startsWith('gate_'))
  const read = new Set([...uses.map(({ name }) => name), ...needed, ...Object.keys(GATE_VARIABLES)])

  const unread = made.filter(({ name }) => !read.has(name))
  const unmade = uses.filter(({ name }) => !madeNames.has(name))
  const missing = [...needed].filter((name) => !madeNames.has(name) && !zones.has(name))
  // One that is misspelt where it is made is missing, too, which says nothing new.
  const meant = new Set(unread.map(({ name }) => nearestName(name, read)))
  return [
    ...unread.map(({ name, at }) => ({
      file: at.file,
      line: at.line,
      message: `nothing reads $${name}${didYouMean(name, read, '$')}`,
    })),
    ...unmade.map(({ name, at }) => ({
      file: at.file,
      line: at.line,
      message: `there is no variable $${name}${didYouMean(name, madeNames, '$')}`,
    })),
    ...missing
      .filter((name) => !meant.has(name))
      .map((name) => ({
        file: HOME,
        message: `the gate reads ${name}, and no variable or js_shared_dict_zone has this name`,
      })),
  ]
}

/** Returns the names that a script spells as a text or as a property. */
export function namesIn(bundle: string): ReadonlySet<string> {
  return new Set([...bundle.matchAll(/["'`.](gate_\w+)/g)].map(([, name = '']) => name))
}

function zoneName({ args }: Directive): string {
  const zone = args.find((arg) => arg.startsWith('zone=')) ?? ''
  return zone.slice('zone='.length).split(':')[0] ?? ''
}
