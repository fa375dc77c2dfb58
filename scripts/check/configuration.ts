/** All checks of a whole nginx configuration, so that every problem shows at once. */

import { readFile } from 'node:fs/promises'
import { checkBodySizes } from './body-sizes.ts'
import { checkGateNames } from './gate-names.ts'
import { checkGateValues, countPolicies } from './gate-values.ts'
import { checkGuards } from './guarded-locations.ts'
import { checkLimitSubjects } from './limit-subjects.ts'
import { addComplaints } from './nginx-complaints.ts'
import { type RunNginxTest, testNginx } from './nginx-test.ts'
import { readNginxTree } from './nginx-tree.ts'
import { type Problem, sortProblems } from './problem.ts'
import { checkSettingsText } from './settings-text.ts'
import { checkTlsFiles } from './tls-files.ts'
import { findDefinitions } from './variable-definitions.ts'
import { checkWiring } from './wiring.ts'
import { checkWorkerHeaders } from './worker-locations.ts'

export interface ConfigurationReport {
  /** In the order of files and lines. */
  readonly problems: readonly Problem[]
  readonly guardedLocations: number
  readonly policies: number
  readonly handlers: number
}

/**
 * Checks a configuration folder.
 * @param folder nginx.conf and what it includes, rendered/ with the filled-in templates among it
 * @param found problems that are known already, such as templates without values
 * @param bodyBytes largest body that the worker takes
 */
export async function checkConfiguration(
  folder: string,
  runTest: RunNginxTest,
  found: readonly Problem[],
  bodyBytes: number,
): Promise<ConfigurationReport> {
  const { directives, problems: unreadable } = readNginxTree(folder, operatorsName)
  const definitions = findDefinitions(directives)
  const wiring = await checkWiring(directives, folder)
  const guards = checkGuards(directives, definitions)
  const own = [...found, ...unreadable, ...guards.problems, ...checkTlsFiles(directives)]
  // With a file missing, what stands in it would seem to be missing everywhere.
  if (unreadable.length === 0) {
    own.push(
      ...wiring.problems,
      ...checkGateValues(definitions),
      ...checkLimitSubjects(directives, definitions),
      ...checkWorkerHeaders(directives, definitions),
      ...checkBodySizes(directives, definitions, bodyBytes),
    )
  }
  // The same goes for what the gate reads.
  const bundle = await readBundles(wiring.bundles)
  if (unreadable.length === 0 && bundle !== '') {
    own.push(
      ...checkGateNames(directives, definitions, bundle),
      ...checkSettingsText(definitions, bundle),
    )
  }
  const complaints = await testNginx(folder, runTest, operatorsName)
  return {
    problems: sortProblems([...own, ...addComplaints(complaints, own, directives)]),
    guardedLocations: guards.guarded,
    policies: countPolicies(definitions),
    handlers: wiring.handlers,
  }
}

/** A rendered file has the lines of its template, so its place is told as the template's. */
function operatorsName(path: string): string {
  return path.startsWith('rendered/')
    ? `nginx/templates/${path.slice('rendered/'.length)}`
    : `nginx/${path}`
}

async function readBundles(paths: readonly string[]): Promise<string> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
  return texts.join('\n')
}
