/** Files for one account, in a folder of its own. */

import { chmod, chown, mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Account } from './folders.ts'

/** Makes the folder, if need be, and gives it to the account alone. */
export async function makePrivateFolder(folder: string, account: Account): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chown(folder, account, account)
  await chmod(folder, 0o700)
}

/**
 * Writes files that only the account may read. Each is replaced in one step, so a service that starts
 * meanwhile never reads half of one.
 * @param files contents by path below the folder
 */
export async function writePrivateFiles(
  folder: string,
  account: Account,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await makePrivateFolder(folder, account)
  for (const [name, contents] of Object.entries(files)) {
    const path = join(folder, name)
    if (dirname(path) !== folder) await makePrivateFolder(dirname(path), account)
    await writeFile(`${path}.new`, contents, { mode: 0o400, flag: 'w' })
    await chown(`${path}.new`, account, account)
    await rename(`${path}.new`, path)
  }
}
