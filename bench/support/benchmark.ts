/** The frame of a benchmark: a folder of its own, and an end in which everything is stopped. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopPrograms } from './processes.ts'

/** What a running benchmark is given. */
export interface Frame {
  /** Takes everything that is written; removed at the end. */
  readonly folder: string
  /** Has something stopped at the end, before the programs and before what was named earlier. */
  atEnd(stop: () => Promise<void> | void): void
}

/** Runs `work`; stops what it started when it is over, or at Ctrl-C. */
export async function inFrame(work: (frame: Frame) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-bench-'))
  const ends: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
    await stopPrograms()
    await rm(folder, { recursive: true, force: true })
  }
  const interrupted = () => void stop().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    await work({ folder, atEnd: (end) => ends.push(end) })
  } finally {
    await stop()
  }
}

/** Says something to whoever started it. */
export function say(message: string): void {
  console.log(message)
}

/** Says that a scenario begins. */
export function sayScenario(name: string): void {
  say(`\n── ${name} ${'─'.repeat(88 - name.length)}`)
}
