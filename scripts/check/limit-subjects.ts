/** Whether each guarded location names one subject for all its policies, or one for each. */

import { parsePolicies } from '#contract/limit-policy.ts'
import type { Directive } from './nginx-parser.ts'
import { httpServers, type Location } from './nginx-servers.ts'
import type { Problem } from './problem.ts'
import type { Definition } from './variable-definitions.ts'
import { byName, valuesOf } from './variable-values.ts'

/** Returns the locations where their numbers differ. */
export function checkLimitSubjects(
  directives: readonly Directive[],
  definitions: readonly Definition[],
): readonly Problem[] {
  const all = byName(definitions)
  const textsOf = (at: Directive | undefined) =>
    at === undefined ? [] : valuesOf({ name: '', at, text: at.args[1] ?? '' }, all)
  return httpServers(directives)
    .flatMap(({ locations }) => locations)
    .flatMap((location) => {
      const subject = lastSet(location, 'gate_subject')
      if (subject === undefined) return []
      const limits = textsOf(lastSet(location, 'gate_limit')).map(({ text }) => text)
      const complaints = textsOf(subject).flatMap(({ text }) =>
        limits.flatMap((limit) => mismatch(limit, text)),
      )
      const { file, line } = subject
      return complaints.map((complaint) => ({
        file,
        line,
        message: `${location.title}: ${complaint}`,
      }))
    })
}

/** nginx runs the `set` of each block from the server inwards, so the innermost last one counts. */
function lastSet({ directive, parents }: Location, name: string): Directive | undefined {
  return [...parents, directive]
    .flatMap(({ block = [] }) => block)
    .findLast((found) => found.name === 'set' && found.args[0] === `$${name}`)
}

/** Policies that do not parse are told by gate-values.ts. */
function mismatch(limit: string, subjects: string): readonly string[] {
  const given = subjects.split(',').length
  const wanted = countPolicies(limit)
  if (given === 1 || wanted === 0 || given === wanted) return []
  return [`${given} subjects for ${wanted} policies; give one for all, or one for each`]
}

function countPolicies(limit: string): number {
  try {
    return parsePolicies(limit).length
  } catch {
    return 0
  }
}
