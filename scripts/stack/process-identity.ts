/** Which process a number means: numbers are used again, start times are not. */

import { readFileSync } from 'node:fs'

/** Returns the process' start time in clock ticks since boot, or undefined if there is no such process. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses and may hold spaces; the 22nd is the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Returns true if the process that had this number and start time is still running. */
export function isSameProcess(pid: number, start: string | undefined): boolean {
  return start !== undefined && processStart(pid) === start
}
