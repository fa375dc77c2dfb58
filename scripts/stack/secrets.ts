/** The random secrets of a local run, made once and kept in the data folder. */

import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'

export interface StackSecrets {
  readonly session: string
  readonly token: string
  readonly worker: string
  /** `id:base64` of 32 bytes. */
  readonly encryptionKeys: string
  readonly redis: string
  /** Password of MySQL's root, reachable on the unix socket only. */
  readonly mysqlRoot: string
}

/**
 * Returns the secrets in `path`, making those that are not there: all at the first start, the ones
 * that a newer version has added later.
 */
export async function loadSecrets(path: string): Promise<StackSecrets> {
  const known = await readSecrets(path)
  const secrets: StackSecrets = {
    session: random(),
    token: random(),
    worker: random(),
    encryptionKeys: `k1:${randomBytes(32).toString('base64')}`,
    redis: random(),
    mysqlRoot: random(),
    ...known,
  }
  if (Object.keys(secrets).every((name) => name in known)) return secrets
  // Renamed into place, so that a killed start leaves either all secrets or none.
  await writeFile(`${path}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  await rename(`${path}.new`, path)
  return secrets
}

async function readSecrets(path: string): Promise<Partial<StackSecrets>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<StackSecrets>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return {}
  }
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
