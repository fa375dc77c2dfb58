/** One run of one variant: what the client saw, and what it cost. */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuUsOf, residentBytesOf } from '../support/process-cost.ts'
import type { ClientResult, ClientTask, Way } from './client-task.ts'
import { runClient } from './run-client.ts'
import type { Parts, Variant } from './variants.ts'
import type { World } from './world.ts'

/** What is asked, over and over, and how. */
export interface Load extends Omit<ClientTask, keyof Way> {
  /** The question; its directives are the stand-in's. */
  readonly message: string
}

export interface Sample extends ClientResult {
  /** Processor time per delta, µs, of each program that took part, the client included. */
  readonly cpu: Readonly<Record<string, number>>
  /** Resident memory of each of them afterwards, bytes. */
  readonly resident: Readonly<Record<string, number>>
}

/** What is still to be done when the last answer has ended, such as writing access records, is done by then. */
const REST_MS = 700

/** Runs the variant under this load. */
export async function measure(world: World, variant: Variant, load: Load): Promise<Sample> {
  const { message, ...rest } = load
  const parts: Parts = { ...variant.parts, upstream: () => world.upstream.pids() }
  const before = ofEach(parts, cpuUsOf)
  const task = { ...variant.way(message, load.streamed), ...rest }
  const result = await runClient(task, join(world.folder, 'task.json'))
  await sleep(REST_MS)
  const spent = ofEach(parts, cpuUsOf)
  const perDelta = (us: number) => Number((us / result.deltas).toFixed(3))
  const cpu = Object.entries(spent).map(([name, us]) => [name, perDelta(us - (before[name] ?? 0))])
  return {
    ...result,
    cpu: { ...Object.fromEntries(cpu), client: perDelta(result.cpuUs) },
    resident: ofEach(parts, residentBytesOf),
  }
}

function ofEach(
  parts: Parts,
  number: (pids: readonly number[]) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(parts).map(([name, pids]) => [name, number(pids())]))
}
