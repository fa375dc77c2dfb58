/** What processes have cost so far, as Linux tells it in /proc. */

import { readFileSync } from 'node:fs'

/** What Linux counts processor time in: 1/100 s on every platform that Node supports. */
const TICK_US = 10_000

/** Returns the process and its children. */
export function withChildren(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [pid] : [pid, ...text.split(' ').map(Number)]
}

/** Returns the processor time spent so far, user and system, of these processes together, µs. */
export function cpuUsOf(pids: readonly number[]): number {
  return total(pids, (pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields 14 and 15; the name before them may hold spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_US
  })
}

/**
 * Returns the resident memory of these processes' own, bytes. What they share (nginx's zones) is left
 * out: it has a fixed size, and shows as growth while it is filled for the first time.
 */
export function ownBytesOf(pids: readonly number[]): number {
  return total(pids, (pid) => statusBytes(pid, 'RssAnon'))
}

/** Returns their resident memory, bytes; what two of them share counts twice. */
export function residentBytesOf(pids: readonly number[]): number {
  return total(pids, (pid) => statusBytes(pid, 'VmRSS'))
}

function statusBytes(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
}

function total(pids: readonly number[], number: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + number(pid), 0)
}
