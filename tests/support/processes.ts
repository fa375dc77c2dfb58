/** The processes of a running stack, as its process table names them. */

import { readFileSync } from 'node:fs'
import type { Plan } from '../../scripts/stack/plan.ts'
import {
  isRunning,
  type ProcessEntry,
  readProcessTable,
} from '../../scripts/stack/process-table.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'

const APPEAR_MS = 15_000
const VANISH_MS = 15_000

/** Returns a part of the stack. @throws if it is not in the table */
export function partOf(plan: Plan, name: string): ProcessEntry {
  const part = readProcessTable(plan.layout.processes)?.services[name]
  if (part === undefined) throw new Error(`${name} is not in the process table`)
  return part
}

/** Sends a signal to a part and returns which process it was. */
export function signalPart(plan: Plan, name: string, signal: NodeJS.Signals): ProcessEntry {
  const part = partOf(plan, name)
  process.kill(part.pid, signal)
  return part
}

/** Resolves when the process is gone. */
export async function vanished(entry: ProcessEntry): Promise<void> {
  await waitFor(async () => {
    if (isRunning(entry)) throw new Error(`process ${entry.pid} is still running`)
  }, VANISH_MS)
}

/** Resolves with the process that has taken the place of `old`. */
export function successorOf(plan: Plan, name: string, old: ProcessEntry): Promise<ProcessEntry> {
  return waitFor(async () => {
    const part = partOf(plan, name)
    if (part.pid === old.pid || !isRunning(part)) throw new Error(`${name} was not started again`)
    return part
  }, APPEAR_MS)
}

/**
 * Returns the processor time that the process has used, in clock ticks. Unlike time on the clock it
 * does not depend on what else the machine does.
 */
export function processorTicks({ pid }: ProcessEntry): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // proc(5): the 14th and 15th field, counted behind the name, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
