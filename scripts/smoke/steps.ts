/** The steps of the smoke walk: each is printed with what it saw, and stops the walk if it fails. */

import { StartFailure } from '../stack/start-failure.ts'

/** What a step saw, in a few words, for the person who reads along. */
type Look = () => Promise<string>

export interface Steps {
  (name: string, look: Look): Promise<void>
  readonly count: number
}

/** Returns a function that runs and prints one step. */
export function createSteps(): Steps {
  let count = 0
  const step = async (name: string, look: Look) => {
    try {
      const seen = await look()
      count += 1
      console.log(`ok  ${name}: ${seen}`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new StartFailure(`${name}: ${reason}`, { cause: error })
    }
  }
  return Object.defineProperty(step as Steps, 'count', { get: () => count })
}

/** Throws with `message` unless the condition holds. */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}
