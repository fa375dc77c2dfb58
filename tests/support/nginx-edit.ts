/** Changes to the configuration of a stack's nginx, as an operator would make them without a check. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { cp, lstat, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { partOf, signalPart } from './processes.ts'

const RELOAD_MS = 15_000

/** A file of nginx's configuration, such as `servers/gateway.conf`, and what becomes of its text. */
export type NginxEdits = Readonly<Record<string, (text: string) => string>>

/**
 * Edits files of the stack's own copy and resolves when nginx runs with them and no process of the time
 * before takes requests any more.
 * @throws if an edit changes nothing
 */
export async function editNginx(plan: Plan, ...edits: readonly NginxEdits[]): Promise<void> {
  for (const [name, edit] of edits.flatMap((some) => Object.entries(some))) {
    const file = join(plan.layout.nginxConf, name)
    await unlinkFrom(dirname(file))
    const text = await readFile(file, 'utf8')
    const edited = edit(text)
    if (edited === text) throw new Error(`the edit of ${name} changes nothing`)
    await writeFile(file, edited)
  }
  const before = nginxProcesses(plan)
  signalPart(plan, 'nginx', 'SIGHUP')
  await waitFor(async () => {
    const now = nginxProcesses(plan)
    if (now.length === 0 || now.some((pid) => before.includes(pid))) {
      throw new Error('nginx has not taken over the configuration')
    }
  }, RELOAD_MS)
}

/** Returns the ids of nginx's worker processes, without those that only finish what they have begun. */
export function nginxProcesses(plan: Plan): readonly number[] {
  const { pid } = partOf(plan, 'nginx')
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const processes = children.trim().split(' ').filter(Boolean).map(Number)
  return processes.filter((child) => !isShuttingDown(child))
}

/** nginx says so in its title; a process that is gone has shut down. */
function isShuttingDown(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('is shutting down')
  } catch {
    return true
  }
}

/** Returns how many clients each of nginx's processes serves over HTTPS. */
export function openConnections(plan: Plan): readonly number[] {
  const port = plan.settings.httpsPort.toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  // proc(5): local address, state (01 is ESTABLISHED) and inode.
  const inodes = lines.flatMap(([, local, , state, , , , , , inode]) =>
    local?.endsWith(`:${port}`) && state === '01' ? [`socket:[${inode}]`] : [],
  )
  return nginxProcesses(plan).map((pid) => {
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    return open.filter((target) => inodes.includes(target)).length
  })
}

/** The folder may be a link into the checkout, which is not ours to change. */
async function unlinkFrom(folder: string): Promise<void> {
  if (!(await lstat(folder)).isSymbolicLink()) return
  const source = await realpath(folder)
  await rm(folder)
  await cp(source, folder, { recursive: true })
}
