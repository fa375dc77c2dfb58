/** Changes by an administrator, which name the state that they expect. */

import type { ApiKeyView, UserView } from '#contract/api.ts'
import type { Answer, Client } from './client.ts'

/** Returns an account as administrators see it. @throws if it is not there */
export async function shownUser(admin: Client, id: string): Promise<UserView> {
  const answer = await admin.send(`/admin/api/users/${id}`)
  if (answer.status !== 200) throw new Error(`user ${id}: ${answer.status} ${answer.text}`)
  return answer.json<UserView>()
}

/** Changes an account as it is now. */
export async function changeUser(admin: Client, id: string, change: object): Promise<Answer> {
  const { version } = await shownUser(admin, id)
  const body = { version, ...change }
  return admin.send(`/admin/api/users/${id}`, { method: 'PATCH', body })
}

/** Changes a key as it is now; for one that is not there any version will do. */
export async function changeKey(admin: Client, id: string, change: object): Promise<Answer> {
  const { keys } = (await admin.send('/admin/api/keys')).json<{ keys: ApiKeyView[] }>()
  const version = keys.find((key) => key.id === id)?.version ?? 1
  const body = { version, ...change }
  return admin.send(`/admin/api/keys/${id}`, { method: 'PATCH', body })
}
