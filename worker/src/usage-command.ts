/** The command `usage recompute`: compares the sums of usage with its calls. */

import { parseArgs } from 'node:util'
import type { WorkerEnv } from './env.ts'
import { createLogger } from './log.ts'
import { createDatabase } from './stores/mysql.ts'
import { recomputeUsage } from './usage-recompute.ts'

export const USAGE_HELP = `usage recompute [--from DAY] [--to DAY] [--repair]

Compares the hourly sums of usage with the calls they are made of, and prints each difference as a
JSON line.

  --from DAY   first day, YYYY-MM-DD in UTC; default: seven days ago
  --to DAY     first day that is left out; default: up to now
  --repair     adds what is missing; without it the exit code is 1 if there is a difference`

const DEFAULT_RANGE_MS = 7 * 86_400_000
const USAGE_ERROR = 2

/**
 * Runs the command and returns its exit code.
 * @param print takes one line
 * @throws {Failure} storage_unavailable
 */
export async function usageCommand(
  settings: WorkerEnv['mysql'],
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const range = readRange(args, Date.now())
  if (range === undefined) {
    print(USAGE_HELP)
    return USAGE_ERROR
  }
  const db = createDatabase(settings)
  try {
    const drifts = await recomputeUsage(db, range, createLogger('silent'))
    if (drifts === undefined) {
      print('Somebody else compares them right now; try again in a moment.')
      return 1
    }
    for (const drift of drifts) print(JSON.stringify(drift))
    const done = drifts.length > 0 && range.repair ? ', repaired' : ''
    print(`${drifts.length} differences${done}`)
    return drifts.length === 0 || range.repair ? 0 : 1
  } finally {
    await db.close()
  }
}

function readRange(args: readonly string[], now: number) {
  const options = {
    from: { type: 'string' },
    to: { type: 'string' },
    repair: { type: 'boolean', default: false },
  } as const
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.join(' ') !== 'recompute') return undefined
    const from = values.from === undefined ? now - DEFAULT_RANGE_MS : dayOf(values.from)
    const to = values.to === undefined ? now : dayOf(values.to)
    return { from, to, repair: values.repair }
  } catch {
    return undefined
  }
}

/** Returns Unix milliseconds. @throws {RangeError} if it is no day */
function dayOf(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at)) throw new RangeError(`not a day: ${text}`)
  return at
}
