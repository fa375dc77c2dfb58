/** All settings of the operator, each wrong one with its reason and where it was written. */

import { parsePolicies } from '#contract/limit-policy.ts'
import { readWorkerEnv, WORKER_SETTING_NAMES } from '../../worker/src/env.ts'
import { LIMIT_SETTINGS } from '../../worker/src/worker-limits.ts'
import type { Source } from '../stack/setting-source.ts'
import { readStackSettings, readText, STACK_SETTING_NAMES } from '../stack/settings.ts'
import type { Problem } from './problem.ts'
import type { Given } from './setting-origin.ts'
import { unknownSettings } from './unknown-settings.ts'

/** Settings whose values may be shown; all others may be or hold secrets. */
const SHOWN = new Set([
  ...STACK_SETTING_NAMES,
  'MYSQL_HOST',
  'MYSQL_PORT',
  'MYSQL_USER',
  'MYSQL_DB',
  'ADMIN_USERNAME',
  'APP_TIMEZONE',
  'LOG_LEVEL',
  ...Object.values(LIMIT_SETTINGS).map(({ name }) => name),
])

/** Names of all settings that Chatgate reads. */
export const SETTING_NAMES: readonly string[] = [
  ...new Set([...STACK_SETTING_NAMES, ...WORKER_SETTING_NAMES]),
]

/** A start makes what is missing itself. */
const MISSING = / is required: /

export interface SettingsReport {
  readonly problems: readonly Problem[]
  /** The settings without the wrong ones, so that everything else can be looked at too. */
  readonly rest: Source
}

/**
 * Returns what is wrong with the settings.
 * @param example text of .env.example, which names every setting
 */
export function checkSettings(given: Given, example: string): SettingsReport {
  const documented = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name)
  const known = new Set([...SETTING_NAMES, ...documented])
  const wrong = wrongSettings(given.source)
  let rest = given.source
  // With the defaults in their place, some settings may only now clash; those are no news.
  for (let left = wrong; left.length > 0; left = wrongSettings(rest)) {
    const smaller = withoutSettings(rest, left.flatMap(settingNamesIn))
    if (Object.keys(smaller).length === Object.keys(rest).length) break
    rest = smaller
  }
  return {
    problems: [...wrong.map((text) => describe(text, given)), ...unknownSettings(given, known)],
    rest,
  }
}

/** Returns a message about a setting, with its place and, if it is no secret, its value. */
export function describe(text: string, { source, originOf }: Given): Problem {
  const name = settingNamesIn(text).find((known) => isIn(source, known)) ?? ''
  const value = source[name]
  const origin = originOf(value ? name : `${name}_FILE`)
  if (!value || !SHOWN.has(name) || !text.includes(' must be ')) return { ...origin, message: text }
  return { ...origin, message: `${text}, not ${JSON.stringify(value)}${policyReason(text, value)}` }
}

/** Returns the source without these settings, whichever way they are given. */
export function withoutSettings(source: Source, names: readonly string[]): Source {
  const unwanted = new Set(names.flatMap((name) => [name, `${name}_FILE`]))
  return Object.fromEntries(Object.entries(source).filter(([name]) => !unwanted.has(name)))
}

/** Returns the names of settings in a text, without _FILE. */
export function settingNamesIn(text: string): readonly string[] {
  const words = text.match(/[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+/g) ?? []
  return [...new Set(words.map((word) => word.replace(/_FILE$/, '')))]
}

function isIn(source: Source, name: string): boolean {
  return Boolean(source[name] || source[`${name}_FILE`])
}

function wrongSettings(source: Source): readonly string[] {
  const stack = readStackSettings(source)
  const worker = readWorkerEnv(source, readText)
  return [
    ...new Set([
      ...('problems' in stack ? stack.problems : []),
      ...('problems' in worker ? worker.problems.filter((text) => !MISSING.test(text)) : []),
    ]),
  ]
}

/** What exactly is wrong with a text that looks like a policy. */
function policyReason(text: string, value: string): string {
  if (!text.includes(';q=')) return ''
  try {
    parsePolicies(value)
    return ''
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return reason.startsWith('not a policy') ? '' : ` (${reason})`
  }
}
