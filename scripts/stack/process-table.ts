/** What is running: a JSON file that outlives the supervisor, so that nothing is forgotten. */

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isSameProcess, processStart } from './process-identity.ts'

export interface ProcessEntry {
  readonly pid: number
  /** Start time in clock ticks since boot: tells a process from a later one of the same number. */
  readonly start: string
}

export interface ProcessTable {
  readonly supervisor: ProcessEntry
  readonly url: string
  readonly services: Readonly<Record<string, ProcessEntry>>
}

const POLL_MS = 50

/** Returns the table in `path`, or undefined if there is none that can be read. */
export function readProcessTable(path: string): ProcessTable | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessTable
  } catch {
    return undefined
  }
}

/** Writes the table in one step. */
export function writeProcessTable(path: string, table: ProcessTable): void {
  writeFileSync(`${path}.new`, JSON.stringify(table, null, 2), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Removes the table. */
export function removeProcessTable(path: string): void {
  rmSync(path, { force: true })
}

/** Returns the entry of a running process. */
export function entryOf(pid: number): ProcessEntry {
  return { pid, start: processStart(pid) ?? '' }
}

/** Returns true if the very process of the entry is still running. */
export function isRunning(entry: ProcessEntry): boolean {
  return isSameProcess(entry.pid, entry.start)
}

/**
 * Ends the process of the entry, and kills it if it is still there after `timeoutMs`; other
 * processes that came by the same number are left alone.
 */
export async function endProcess(
  entry: ProcessEntry,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<void> {
  if (!isRunning(entry)) return
  process.kill(entry.pid, signal)
  const deadline = Date.now() + timeoutMs
  while (isRunning(entry)) {
    if (Date.now() > deadline) process.kill(entry.pid, 'SIGKILL')
    await delay(POLL_MS)
  }
}
