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

const FIRST_UID = 1000

/** Returns `count` users, at least one, each signed in once, written to Redis. */
export async function signInPeople(
  redis: Redis,
  count: number,
  secret: string,
): Promise<readonly [Person, ...Person[]]> {
  const now = String(Math.floor(Date.now() / 1000))
  const people: Person[] = []
  const pipeline = redis.pipeline()
  for (let index = 0; index < count; index++) {
    const uid = String(FIRST_UID + index)
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
      state: 'enabled',
      role: 'user',
      name: `bench-${uid}`,
      limits: '',
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

/** Returns cookies of the right form that no secret of ours has signed. */
export function forgeCookies(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    return newSession(String(FIRST_UID + index), 'not the secret').cookie
  })
}
