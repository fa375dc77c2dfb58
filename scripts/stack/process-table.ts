/** What is running: a JSON file that outlives the supervisor, so that nothing is forgotten. */

import { readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { groupMembers, isSameProcess, processStart } from './process-identity.ts'

export interface ProcessEntry {
  readonly pid: number
  /** Start time in clock ticks since boot: tells a process from a later one of the same number. */
  readonly start: string
}

/** A service of the stack, and how it is ended gracefully. */
export interface ServiceEntry extends ProcessEntry {
  readonly stopSignal: NodeJS.Signals
}

export interface ProcessTable {
  readonly supervisor: ProcessEntry
  readonly url: string
  /** In the order in which they were started. */
  readonly services: Readonly<Record<string, ServiceEntry>>
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

/**
 * Returns what an earlier run left behind: the services that run, and those of which only a part does.
 * nginx's workers outlive a killed master, and keep its ports.
 * @param data the run's data folder
 */
export function leftovers(table: ProcessTable, data: string): readonly string[] {
  return Object.entries(table.services)
    .filter(([, entry]) => isRunning(entry) || membersOf(entry, data).length > 0)
    .map(([name]) => name)
}

/**
 * Ends services of an earlier run with all their processes, the last started first, because the
 * earlier ones hold what the later ones still have to store: each as it is asked to, then by force.
 * @param timeoutMs for each of them
 */
export async function endLeftovers(
  table: ProcessTable,
  data: string,
  timeoutMs: number,
): Promise<void> {
  for (const entry of Object.values(table.services).reverse()) {
    await endProcess(entry, entry.stopSignal, timeoutMs)
    while (membersOf(entry, data).length > 0) {
      for (const pid of membersOf(entry, data)) killQuietly(pid)
      await delay(POLL_MS)
    }
  }
}

/** Kills what is left of the process group of a process that has just ended. */
export function killGroup(pid: number | undefined): void {
  if (pid !== undefined) killQuietly(-pid)
}

function membersOf({ pid }: ProcessEntry, data: string): readonly number[] {
  return groupMembers(pid, realpathSync(data))
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
