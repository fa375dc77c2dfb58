/** The settings for commands that look at a stack without starting one. */

import { readStackSettings, type StackSettings } from './settings.ts'
import { StartFailure } from './start-failure.ts'

/**
 * Returns the settings of the environment.
 * @throws {StartFailure} with all problems
 */
export function commandSettings(): StackSettings {
  const result = readStackSettings(process.env)
  if ('problems' in result) {
    throw new StartFailure(`Some settings are wrong:\n  ${result.problems.join('\n  ')}`)
  }
  return result.settings
}
