/** Where the operator wrote a setting: a line of .env, or the environment of the command. */

import { parseEnv } from 'node:util'
import type { Source } from '../stack/setting-source.ts'

export interface Origin {
  readonly file: '.env' | 'environment'
  readonly line?: number
}

/** Settings as they were given. */
export interface Given {
  /** What counts: the environment before .env. */
  readonly source: Source
  /** Names that stand in .env. */
  readonly inDotEnv: readonly string[]
  /** Returns where the value that counts was written; the environment if it was written nowhere. */
  readonly originOf: (name: string) => Origin
}

/**
 * Returns the settings of an environment and the text of a .env file.
 * @param dotEnv empty if there is no such file
 */
export function readGiven(environment: Source, dotEnv: string): Given {
  const fromFile = parseEnv(dotEnv)
  return {
    source: { ...fromFile, ...environment },
    inDotEnv: Object.keys(fromFile),
    originOf(name) {
      const line = environment[name] === undefined ? lineOf(name, dotEnv) : undefined
      return line === undefined ? { file: 'environment' } : { file: '.env', line }
    },
  }
}

/** A name that stands twice has the last value. */
function lineOf(name: string, dotEnv: string): number | undefined {
  const start = new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`)
  const index = dotEnv.split('\n').findLastIndex((line) => start.test(line))
  return index < 0 ? undefined : index + 1
}
