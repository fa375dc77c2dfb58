/** A start in the background: the child is the supervisor, this process shows what it says. */

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './layout.ts'
import type { Plan } from './plan.ts'
import { StartFailure } from './start-failure.ts'

/** What the background process tells the one that waits for it. */
export type StartMessage =
  | { readonly kind: 'say' | 'ready'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string }

/** Returns a function that tells the waiting process, if there is one. */
export function tellParent(message: StartMessage): void {
  if (process.connected) process.send?.(message)
}

/**
 * Starts the stack in a process of its own and resolves when everything answers. Its own output goes
 * to a file, so that no terminal or pipe is held open by it.
 * @throws {StartFailure} if it ends before that
 */
export async function startDetached(plan: Plan): Promise<void> {
  const log = openSync(join(plan.layout.logs, 'start.log'), 'a', 0o600)
  const child = spawn(process.execPath, [join(CHECKOUT, 'scripts/run.mjs'), 'start'], {
    cwd: process.cwd(),
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  const outcome = new Promise<void>((resolve, reject) => {
    child.on('message', (message: StartMessage) => {
      if (message.kind === 'failed') reject(new StartFailure(message.text))
      else console.log(message.text)
      if (message.kind === 'ready') resolve()
    })
    child.once('exit', (code) => reject(new StartFailure(`The start ended with code ${code}.`)))
  })
  try {
    await outcome
  } finally {
    if (child.connected) child.disconnect()
    child.unref()
  }
}
