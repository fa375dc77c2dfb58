/**
 * Whether the gate can read its own variables as an operator wrote them. nginx takes any text; the
 * gate would refuse every request of the location instead.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDuration } from '#contract/duration.ts'
import { parsePolicies } from '#contract/limit-policy.ts'

/** Folders of a whole configuration; rendered/ holds the templates with their values. */
const FOLDERS = ['rendered', 'conf.d', 'servers', 'snippets']

const DURATION =
  /^\s*js_var\s+\$(gate_(?:session_idle|session_absolute|session_cache|deadline))\s+"([^"]*)"/
const POLICY_MAP = /^\s*map\s+""\s+\$(gate_limit_\w+)\s*\{/
const MAP_DEFAULT = /^\s*default\s+(?:'([^']*)'|"([^"]*)"|(\S+));/
const POLICY_SET = /^\s*set\s+\$(gate_limit)\s+(?:'([^']+)'|"((?:[^"\\]|\\.)+)")\s*;/

/**
 * Returns one line per value that the gate could not read: file, line, variable and reason.
 * @param folder a whole configuration folder
 */
export async function checkGateValues(folder: string): Promise<readonly string[]> {
  const problems: string[] = []
  for (const name of FOLDERS) {
    for (const file of (await readdir(join(folder, name))).sort()) {
      const lines = (await readFile(join(folder, name, file), 'utf8')).split('\n')
      problems.push(...checkLines(`${folder}/${name}/${file}`, lines))
    }
  }
  return problems
}

function checkLines(file: string, lines: readonly string[]): readonly string[] {
  const problems: string[] = []
  let map: string | undefined
  for (const [index, line] of lines.entries()) {
    map = POLICY_MAP.exec(line)?.[1] ?? (line.trim() === '}' ? undefined : map)
    const problem =
      durationProblem(DURATION.exec(line)) ??
      policyProblem(POLICY_SET.exec(line)) ??
      (map === undefined ? undefined : mapProblem(map, MAP_DEFAULT.exec(line)))
    if (problem !== undefined) problems.push(`${problem} in ${file}:${index + 1}`)
  }
  return problems
}

function durationProblem(match: RegExpExecArray | null): string | undefined {
  const [, name, text = ''] = match ?? []
  if (name === undefined || parseDuration(text) !== undefined) return undefined
  return `$${name} is not a duration like 30s: ${text}`
}

function policyProblem(match: RegExpExecArray | null): string | undefined {
  const [, name, single, double] = match ?? []
  if (name === undefined || double?.startsWith('$') === true) return undefined
  return readPolicies(name, single ?? double ?? '')
}

function mapProblem(name: string, match: RegExpExecArray | null): string | undefined {
  return match === null ? undefined : readPolicies(name, match[1] ?? match[2] ?? match[3] ?? '')
}

function readPolicies(name: string, text: string): string | undefined {
  try {
    parsePolicies(text)
    return undefined
  } catch (error) {
    return `$${name}: ${error instanceof Error ? error.message : String(error)}`
  }
}
