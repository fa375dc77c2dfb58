/** The random secrets of a local run, made once and kept in the data folder. */

import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'

export interface StackSecrets {
  readonly session: string
  readonly worker: string
  /** `id:base64` of 32 bytes. */
  readonly encryptionKeys: string
  readonly redis: string
  /** Password of MySQL's root, reachable on the unix socket only. */
  readonly mysqlRoot: string
}

/** Returns the secrets in `path`, making them if the file is not there. */
export async function loadSecrets(path: string): Promise<StackSecrets> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StackSecrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const secrets: StackSecrets = {
    session: random(),
    worker: random(),
    encryptionKeys: `k1:${randomBytes(32).toString('base64')}`,
    redis: random(),
    mysqlRoot: random(),
  }
  // Renamed into place, so that a killed start leaves either all secrets or none.
  await writeFile(`${path}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  await rename(`${path}.new`, path)
  return secrets
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
