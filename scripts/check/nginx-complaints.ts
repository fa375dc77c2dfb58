/** nginx's complaints as an operator wants them: each with a place, and nothing that is told already. */

import type { Directive } from './nginx-parser.ts'
import { type Problem, placeOf } from './problem.ts'
import { findUses } from './variable-definitions.ts'

const UNKNOWN_VARIABLE = /^unknown "(\w+)" variable$/
/** nginx names neither the directive nor the file that asked for it. */
const MODULE = /^js compile: .*Cannot load module|^SyntaxError|^js compile/

/**
 * Returns nginx's complaints without those that the checks of our own explain better.
 * @param told what our own checks found
 */
export function addComplaints(
  complaints: readonly Problem[],
  told: readonly Problem[],
  directives: readonly Directive[],
): readonly Problem[] {
  return complaints.flatMap((complaint) => {
    const [, variable] = UNKNOWN_VARIABLE.exec(complaint.message) ?? []
    if (variable !== undefined) return unknownVariable(complaint, variable, told, directives)
    return isTold(complaint, told) ? [] : [complaint]
  })
}

function unknownVariable(
  complaint: Problem,
  variable: string,
  told: readonly Problem[],
  directives: readonly Directive[],
): readonly Problem[] {
  if (told.some(({ message }) => message.includes(`$${variable}`))) return []
  const uses = findUses(directives).filter(({ name }) => name === variable)
  if (uses.length === 0) return [complaint]
  return uses.map(({ at }) => ({
    file: at.file,
    line: at.line,
    message: `there is no variable $${variable}`,
  }))
}

function isTold(complaint: Problem, told: readonly Problem[]): boolean {
  if (complaint.line !== undefined) {
    return told.some((problem) => placeOf(problem) === placeOf(complaint))
  }
  if (MODULE.test(complaint.message)) return told.some(({ message }) => /\.js\b/.test(message))
  // A certificate or key: nginx names its path only.
  const [, path] = /"(\/[^"]+)"/.exec(complaint.message) ?? []
  return path !== undefined && told.some(({ message }) => message.startsWith(path))
}
