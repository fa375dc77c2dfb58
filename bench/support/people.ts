/** Signed-in users for the load: sessions as the worker would write them, cookies as it would sign them. */

import type { Redis } from 'ioredis'
import { sessionKey, userKey } from '#contract/redis-keys.ts'
import type { SessionRecord, UserCopy } from '#contract/session.ts'
import { newSession } from '../../worker/src/domain/session-token.ts'

export interface Person {
  readonly uid: string
  /** Value of the session cookie. */
  readonly cookie: string
}

/** Returns these users, at least one, each signed in once, written to Redis. */
export async function signInPeople(
  redis: Redis,
  uids: readonly string[],
  secret: string,
): Promise<readonly [Person, ...Person[]]> {
  const now = String(Math.floor(Date.now() / 1000))
  const people: Person[] = []
  const pipeline = redis.pipeline()
  for (const uid of uids) {
    const { cookie, hash } = newSession(uid, secret)
    const session: SessionRecord = {
      created: now,
      last: now,
      epoch: '1',
      ip: '127.0.0.1',
      ua: 'bench',
    }
    const user: UserCopy = {
      epoch: '1',
      revision: '1',
      state: 'enabled',
      role: 'user',
      name: `bench-${uid}`,
      limits: '',
      must_change: '0',
    }
    pipeline.hset(sessionKey(uid, hash), session)
    pipeline.hset(userKey(uid), user)
    people.push({ uid, cookie })
  }
  await pipeline.exec()
  const [first, ...rest] = people
  if (first === undefined) throw new RangeError('nobody to sign in')
  return [first, ...rest]
}

/** Returns cookies of these users, of the right form, that no secret of ours has signed. */
export function forgeCookies(uids: readonly string[]): readonly string[] {
  return uids.map((uid) => newSession(uid, 'not the secret').cookie)
}
