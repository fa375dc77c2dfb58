/** The loads of all scenarios, as files for the programs that send them. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Load, posting, rawRequests, reading } from './load.ts'
import type { World } from './world.ts'
import { writeLoad } from './wrk.ts'

/** So few that hardly any request of a cached read is the one that renews the cache. */
const READERS = 50

export const LOAD_NAMES = ['read', 'chat', 'flood', 'forged'] as const

export type LoadName = (typeof LOAD_NAMES)[number]

/** One load, prepared. */
export interface LoadFile {
  readonly load: Load
  /** For wrk. */
  readonly lua: string
  /** For the open-loop client. */
  readonly json: string
}

export type Loads = Readonly<Record<LoadName, LoadFile>>

/** Writes the loads into the world's folder. */
export async function prepareLoads({ folder, plans, people, forged }: World): Promise<Loads> {
  const { cookieName } = plans.quiet.settings
  const cookies = people.map(({ cookie }) => cookie)
  const loads: Readonly<Record<LoadName, Load>> = {
    read: reading(cookieName, cookies.slice(0, READERS)),
    chat: posting(cookieName, people, '/api/chat'),
    flood: posting(cookieName, people.slice(0, 1), '/api/me'),
    forged: reading(cookieName, forged),
  }
  const files = LOAD_NAMES.map(async (name) => {
    const load = loads[name]
    const file = { load, lua: join(folder, `${name}.lua`), json: join(folder, `${name}.json`) }
    await writeLoad(file.lua, load)
    await writeFile(file.json, JSON.stringify(rawRequests(load)), { mode: 0o600 })
    return [name, file] as const
  })
  return Object.fromEntries(await Promise.all(files)) as Loads
}
