/** nginx's own record of what it served: one line per request, written by its log phase. */

import { readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plan } from '../../scripts/stack/plan.ts'

export class AccessLog {
  readonly #path: string

  constructor(plan: Plan) {
    this.#path = join(plan.layout.logs, 'access.log')
  }

  /** Forgets what was written so far; nginx appends, so it goes on at the start. */
  async clear(): Promise<void> {
    await truncate(this.#path)
  }

  /** Returns the records written since, as JSON. */
  async lines(): Promise<readonly string[]> {
    return (await readFile(this.#path, 'utf8')).split('\n').slice(0, -1)
  }

  /** Returns how many they are. */
  async count(): Promise<number> {
    return (await this.lines()).length
  }
}
