/** What both ways to run do with the operator's settings before anything is made. */

import { readWorkerEnv, WORKER_SETTING_NAMES } from '../../worker/src/env.ts'
import { readStackSettings, readText, type StackSettings } from './settings.ts'
import { StartFailure } from './start-failure.ts'

export type Source = Readonly<Record<string, string | undefined>>

/** Stand for what a start makes itself, so that only what the operator wrote is judged. */
const PLACEHOLDERS = {
  GATE_SESSION_SECRET: '0'.repeat(32),
  GATE_TOKEN_SECRET: '0'.repeat(32),
  GATE_WORKER_SECRET: '0'.repeat(32),
  GATE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}

/**
 * Returns the settings of the stack, after a look at those of the worker too.
 * @throws {StartFailure} with every problem of every setting at once
 */
export function checkSettings(source: Source): StackSettings {
  const own = readStackSettings(source)
  const worker = readWorkerEnv(fallbacks(source, PLACEHOLDERS), readText)
  const problems = [
    ...('problems' in own ? own.problems : []),
    ...('problems' in worker ? worker.problems : []),
  ]
  if ('problems' in own || problems.length > 0) throw settingsFailure([...new Set(problems)])
  return own.settings
}

export function settingsFailure(problems: readonly string[]): StartFailure {
  return new StartFailure(
    `Some settings are wrong:\n${problems.map((line) => `  ${line}`).join('\n')}`,
  )
}

/** Whether a setting has a value, as NAME or as NAME_FILE. */
export function isGiven(source: Source, name: string): boolean {
  return Boolean(source[name] || source[`${name}_FILE`])
}

/** Returns the source with these values where it has none. */
export function fallbacks(source: Source, values: Readonly<Record<string, string>>): Source {
  const missing = Object.entries(values).filter(([name]) => !isGiven(source, name))
  return { ...source, ...Object.fromEntries(missing) }
}

/** Returns the text of a setting, wherever it stands; empty if it is not given. */
export function textOf(source: Source, name: string): string {
  const path = source[`${name}_FILE`]
  return path ? readText(path).trim() : (source[name] ?? '')
}

/** Returns the part of the source that the worker reads. */
export function workerSource(source: Source): Readonly<Record<string, string>> {
  const names = WORKER_SETTING_NAMES.flatMap((name) => [name, `${name}_FILE`])
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = source[name]
      return value ? [[name, value]] : []
    }),
  )
}
