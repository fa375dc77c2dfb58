/**
 * The second spool of settlements: a private folder, one file each. A file appears under its name when
 * it is whole and on the disk, so there is no half of one, whenever the worker or the machine dies.
 * Copies of the worker on one machine may share the folder.
 */

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SpooledText } from './settlement-stream.ts'

export interface SettlementFiles {
  /** Makes the folder, and removes what a crash left half written. @throws if it cannot be written */
  prepare(): Promise<void>
  /** Resolves when it would survive a power cut. @param id of the call */
  add(id: string, text: string): Promise<void>
  /** Returns the oldest entries, at most some. */
  read(): Promise<readonly SpooledText[]>
  remove(id: string): Promise<void>
  /** Keeps, for a person to see, what can never be stored. */
  putAside(id: string, text: string): Promise<void>
}

const SUFFIX = '.json'
const UNFINISHED = '.new'
const ASIDE = 'refused'
const BATCH = 20
/** Nobody takes that long to write one. */
const UNFINISHED_FOR_MS = 600_000

export function createSettlementFiles(folder: string): SettlementFiles {
  const pathOf = (id: string) => join(folder, `${id}${SUFFIX}`)

  async function write(into: string, name: string, text: string): Promise<void> {
    const unfinished = join(into, `${name}-${randomBytes(4).toString('hex')}${UNFINISHED}`)
    try {
      await durably(unfinished, 'wx', (file) => file.writeFile(text))
      await rename(unfinished, join(into, `${name}${SUFFIX}`))
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    await durably(into, 'r', async () => {})
  }

  return {
    async prepare() {
      for (const path of [folder, join(folder, ASIDE)]) {
        await mkdir(path, { recursive: true, mode: 0o700 })
        await chmod(path, 0o700)
      }
      for (const name of await readdir(folder)) {
        if (!name.endsWith(UNFINISHED)) continue
        const { mtimeMs } = await stat(join(folder, name))
        if (Date.now() - mtimeMs > UNFINISHED_FOR_MS) await rm(join(folder, name), { force: true })
      }
      const probe = join(folder, `probe-${randomBytes(4).toString('hex')}${UNFINISHED}`)
      await durably(probe, 'wx', (file) => file.writeFile('?'))
      await rm(probe)
    },
    add: (id, text) => write(folder, id, text),
    async read() {
      const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX))
      const found: SpooledText[] = []
      for (const name of names.slice(0, BATCH)) {
        const text = await readFile(join(folder, name), 'utf8').catch(onlyMissing)
        if (text !== undefined) found.push({ id: name.slice(0, -SUFFIX.length), text })
      }
      return found
    },
    async remove(id) {
      await rm(pathOf(id), { force: true })
    },
    putAside: (id, text) => write(join(folder, ASIDE), id, text),
  }
}

type OpenFile = Awaited<ReturnType<typeof open>>

/** Opens a file for its account alone, or a folder, and closes it when its content is on the disk. */
async function durably(
  path: string,
  flags: string,
  work: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Another worker that shares the folder was faster. */
function onlyMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
