/** Password hashing: argon2id in PHC strings, with the cost that OWASP recommends. */

import { randomBytes } from 'node:crypto'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import { Failure } from '../failure.ts'
import { createSemaphore } from './semaphore.ts'

/**
 * m=19456 KiB, t=2, p=1 (OWASP Password Storage Cheat Sheet): about 25 ms a hash. The algorithm is
 * argon2id, the library's default.
 */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashes at once: each holds 19 MiB and one of libuv's four threads. */
const MAX_RUNNING = 2

/** Callers waiting for their turn; more would wait longer than anybody waits for a login. */
const MAX_WAITING = 100

/** The library, as far as it is used. */
export interface Argon2 {
  readonly hash: typeof hash
  readonly verify: typeof verify
}

export interface PasswordHasher {
  /** Returns the PHC string to store. */
  hash(password: string): Promise<string>
  /**
   * Returns whether the password is the one of the PHC string. Without a string (unknown user) it
   * takes as long and returns false, so that time does not tell which names exist.
   */
  verify(phc: string | undefined, password: string): Promise<boolean>
  /** Returns true if the PHC string was made with another cost than today's. */
  needsRehash(phc: string): boolean
}

/** @throws {Failure} worker_unavailable from hash and verify when too many callers wait */
export async function createPasswordHasher(
  argon2: Argon2 = { hash, verify },
): Promise<PasswordHasher> {
  const semaphore = createSemaphore(MAX_RUNNING, MAX_WAITING)
  const dummy = await argon2.hash(randomBytes(16), COST)

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = semaphore.run(work)
    if (turn === undefined) throw new Failure('worker_unavailable', { retryAfter: 2 })
    return await turn
  }

  return {
    hash: (password) => inTurn(() => argon2.hash(password, COST)),
    async verify(phc, password) {
      const matches = await inTurn(() => argon2.verify(phc ?? dummy, password))
      return matches && phc !== undefined
    },
    needsRehash(phc) {
      const made = parseOptions(phc)
      return (
        !phc.startsWith('$argon2id$') ||
        made.memoryCost !== COST.memoryCost ||
        made.timeCost !== COST.timeCost ||
        made.parallelism !== COST.parallelism
      )
    },
  }
}
