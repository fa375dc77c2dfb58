/** One process at a time, by a lock file that names its holder; a dead holder's lock is taken over. */

import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isSameProcess, processStart } from '../stack/process-identity.ts'

const POLL_MS = 250

/** Runs `work` while holding the lock at `path`. */
export async function withFolderLock<T>(
  path: string,
  say: (message: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = false
  while (!(await tryLock(path))) {
    if (!told) say('waiting for another copy that is preparing the same folder')
    told = true
    await delay(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** A link appears with its content in one step, so no reader ever sees a half-written lock. */
async function tryLock(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`
  await writeFile(own, JSON.stringify({ pid: process.pid, start: processStart(process.pid) }))
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (!(await isHeld(path))) await rm(path, { force: true })
    return false
  } finally {
    await rm(own, { force: true })
  }
}

async function isHeld(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return true
  const { pid, start } = JSON.parse(text) as { pid: number; start?: string }
  return isSameProcess(pid, start)
}
