/** Which process a number means: numbers are used again, start times are not. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Returns the process' start time in clock ticks since boot, or undefined if there is no such process. */
export function processStart(pid: number): string | undefined {
  const fields = statFields(pid)
  return fields[0] === 'Z' ? undefined : fields[19]
}

/**
 * Returns the running processes of a process group that work in `folder`. A group can outlive the
 * process that it is numbered after; the folder tells it from a later group of the same number.
 * @param folder without symbolic links
 */
export function groupMembers(group: number, folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isMember(pid, group, folder))
}

function isMember(pid: number, group: number, folder: string): boolean {
  const [state, , processGroup] = statFields(pid)
  if (processGroup !== String(group) || state === 'Z') return false
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    return false
  }
}

/** Returns what /proc says of a process from the third field on; nothing if there is none. */
function statFields(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses and may hold spaces; the 22nd is the start time.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** Returns true if the process that had this number and start time is still running. */
export function isSameProcess(pid: number, start: string | undefined): boolean {
  return start !== undefined && processStart(pid) === start
}
