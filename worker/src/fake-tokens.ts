/** Access tokens in memory, for tests of the application. */

import { Failure } from './failure.ts'
import type { AccessTokens, ListedToken, NewToken } from './stores/access-tokens.ts'

/** By hash. */
export type FakeTokens = Map<string, NewToken & Pick<ListedToken, 'id' | 'version'>>

export function fakeAccessTokens(tokens: FakeTokens): AccessTokens {
  const own = (uid: string, id: string) =>
    [...tokens.values()].find((token) => token.uid === uid && token.id === id)
  const list = async (uid: string) =>
    [...tokens.values()]
      .filter((token) => token.uid === uid)
      .map((token) => ({ ...token, lastUsedAt: null }))
  return {
    create: async (token) => {
      const id = String(tokens.size + 1)
      tokens.set(token.hash, { ...token, id, version: 1 })
      return id
    },
    list,
    find: async (uid, id) => (await list(uid)).find((token) => token.id === id),
    change: async (uid, id, version, change) => {
      const token = own(uid, id)
      if (token === undefined) return undefined
      if (token.version !== version) throw new Failure('conflict')
      const after = { ...token, ...change, version: version + 1 }
      tokens.set(token.hash, after)
      const outdated = after.callLimit === token.callLimit ? undefined : token.hash
      return { token: { ...after, lastUsedAt: null }, outdated }
    },
    models: async (id) => [...tokens.values()].find((token) => token.id === id),
    revoke: async (uid, id) => {
      const token = own(uid, id)
      if (token !== undefined) tokens.delete(token.hash)
      return token?.hash
    },
    load: async (uid, hash) => tokens.get(hash)?.uid === uid,
    forget: async () => {},
  }
}
