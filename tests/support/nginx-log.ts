/** nginx's error log from one moment on. */

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'

const LINE_MS = 10_000

export class NginxLog {
  readonly #file: string
  readonly #mark: number

  /** Begins behind what is there already. */
  constructor(plan: Plan) {
    this.#file = join(plan.layout.logs, 'nginx.log')
    this.#mark = statSync(this.#file).size
  }

  /** Returns the lines that match. */
  lines(pattern: RegExp): readonly string[] {
    const text = readFileSync(this.#file).subarray(this.#mark).toString('utf8')
    return text.split('\n').filter((line) => pattern.test(line))
  }

  /** Resolves with the first line that matches, once there is one. */
  line(pattern: RegExp, timeoutMs = LINE_MS): Promise<string> {
    return waitFor(async () => {
      const [line] = this.lines(pattern)
      if (line === undefined) throw new Error(`no line like ${pattern}`)
      return line
    }, timeoutMs)
  }
}
