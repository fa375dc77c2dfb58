/** What the operator wrote for the containers, completed with what init makes itself. */

import { readWorkerEnv, type WorkerEnv } from '../../worker/src/env.ts'
import type { StackSecrets } from '../stack/secrets.ts'
import {
  checkSettings,
  fallbacks,
  type Source,
  settingsFailure,
  textOf,
} from '../stack/setting-source.ts'
import { readText, type StackSettings } from '../stack/settings.ts'

/**
 * What the worker reads as NAME_FILE from its folder: all that is secret, and the cookie's name, whose
 * default depends on the port.
 */
export const WORKER_FILES: readonly string[] = [
  'GATE_SESSION_SECRET',
  'GATE_TOKEN_SECRET',
  'GATE_WORKER_SECRET',
  'GATE_ENCRYPTION_KEYS',
  'MYSQL_PASSWORD',
  'REDIS_URL',
  'DEEPSEEK_API_KEY',
  'ADMIN_PASSWORD',
  'GATE_COOKIE',
]

/** Returns the name under which a setting is kept in a folder. */
export function fileName(setting: string): string {
  return setting.toLowerCase()
}

/**
 * Returns the source without the files that say nothing: Compose mounts an empty one for each secret
 * that the operator did not put into a file.
 */
export function withoutEmptyFiles(source: Source): Source {
  const empty = WORKER_FILES.map((name) => `${name}_FILE`).filter((name) => isEmpty(source[name]))
  return { ...source, ...Object.fromEntries(empty.map((name) => [name, undefined])) }
}

/** A file that cannot be read is not empty: whoever reads the setting says so. */
function isEmpty(path: string | undefined): boolean {
  try {
    return path !== undefined && path !== '' && readText(path).trim() === ''
  } catch {
    return false
  }
}

export interface ContainerSettings {
  readonly settings: StackSettings
  readonly worker: WorkerEnv
  /** Texts of WORKER_FILES; empty where a setting is not given. */
  readonly workerFiles: Readonly<Record<string, string>>
}

/**
 * Returns the settings of all containers.
 * @throws {StartFailure} with every problem of every setting at once
 */
export function containerSettings(source: Source, secrets: StackSecrets): ContainerSettings {
  const settings = checkSettings(source)
  const merged = {
    ...fallbacks(source, {
      GATE_SESSION_SECRET: secrets.session,
      GATE_TOKEN_SECRET: secrets.token,
      GATE_WORKER_SECRET: secrets.worker,
      GATE_ENCRYPTION_KEYS: secrets.encryptionKeys,
      REDIS_URL: `redis://:${secrets.redis}@redis:6379/0`,
    }),
    GATE_COOKIE: settings.cookieName,
    GATE_COOKIE_FILE: undefined,
  }
  const worker = readWorkerEnv(merged, readText)
  if ('problems' in worker) throw settingsFailure(worker.problems)
  // Where nothing is given the worker's own default counts, and MySQL has to get the same.
  const texts = {
    ...merged,
    MYSQL_PASSWORD: worker.env.mysql.password,
    MYSQL_PASSWORD_FILE: undefined,
  }
  return {
    settings,
    worker: worker.env,
    workerFiles: Object.fromEntries(WORKER_FILES.map((name) => [name, textOf(texts, name)])),
  }
}
