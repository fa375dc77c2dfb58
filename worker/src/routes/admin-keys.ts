/** POST /admin/api_key and /admin/api/keys: the provider's keys, which never come back out. */

import { Hono } from 'hono'
import { z } from 'zod'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import {
  ALIAS_PATTERN,
  KEY_PATTERN,
  mayTravel,
  normalBaseUrl,
  STANDIN_ALIAS,
} from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import type { ApiKeyChange, OpenedRow } from '../stores/api-keys.ts'
import { idParam } from './ids.ts'
import { KeyView, SavedKey } from './key-schema.ts'
import { keyView } from './key-view.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { wrongField } from './wrong-field.ts'

const MAX_WEIGHT = 1000

const Account = z.string().regex(ALIAS_PATTERN)
const Weight = z.int().min(1).max(MAX_WEIGHT)

const NewKey = z.strictObject({
  api_key: z.string().regex(KEY_PATTERN),
  alias: z.string().regex(ALIAS_PATTERN).default('default'),
  base_url: z.string().max(255).nullable().exactOptional().meta({
    description: 'Null: the general one. Needed for an alias that has one of its own.',
  }),
  weight: Weight.exactOptional(),
  account: Account.nullable().exactOptional(),
})

/** Without base_url: a stored key moves only with whoever has it, in the body above. */
const KeyChange = z
  .strictObject({
    version: z.int().min(1).meta({ description: 'Of the key as the change expects it.' }),
    enabled: z.boolean().exactOptional(),
    weight: Weight.exactOptional(),
    account: Account.nullable().exactOptional(),
  })
  .refine((body) => Object.keys(body).length > 1)

const KeyId = z.strictObject({ id: idParam })

const putKey = operation({
  id: 'putKey',
  method: 'post',
  path: '/admin/api_key',
  tag: 'Administration',
  summary: 'Stores a key and lets calls use it, in place of the one with the same alias.',
  description:
    'What is left out stays as the alias has it, but an address of its own has to be said.',
  access: 'admin',
  body: NewKey,
  answers: { 200: { description: 'It is stored, and where calls take it.', schema: SavedKey } },
})

const listKeys = operation({
  id: 'listKeys',
  method: 'get',
  path: '/admin/api/keys',
  tag: 'Administration',
  summary: 'Lists all keys by alias.',
  access: 'admin',
  answers: {
    200: { description: 'All of them.', schema: z.strictObject({ keys: z.array(KeyView) }) },
  },
})

const changeKey = operation({
  id: 'changeKey',
  method: 'patch',
  path: '/admin/api/keys/{id}',
  tag: 'Administration',
  summary: 'Enables or disables a key, changes its weight or account.',
  access: 'admin',
  params: KeyId,
  body: KeyChange,
  answers: { 200: { description: 'The key as it is now.', schema: KeyView } },
  problems: ['conflict'],
})

const removeKey = operation({
  id: 'removeKey',
  method: 'delete',
  path: '/admin/api/keys/{id}',
  tag: 'Administration',
  summary: "Removes a key; the stand-in's stays.",
  access: 'admin',
  params: KeyId,
  answers: { 204: { description: 'It is removed.' } },
  problems: ['forbidden'],
})

export const ADMIN_KEY_OPERATIONS: readonly OperationSpec[] = [
  putKey,
  listKeys,
  changeKey,
  removeKey,
]

export function adminKeyRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { env, keys, log } = deps

  serve(app, putKey, async (c, { body, who: { uid } }) => {
    const { alias, api_key: secret, base_url, weight, account } = body
    if (alias === STANDIN_ALIAS) throw wrongField(c, 'alias', RESERVED)
    const baseUrl = typeof base_url === 'string' ? checkedUrl(c, base_url) : base_url
    const origin = await auditOrigin(deps, c)
    const stored = await keys.put({ alias, secret, baseUrl, weight, account }, origin)
    if (stored === undefined) throw wrongField(c, 'base_url', OWN_ADDRESS)
    log.info({ requestId: c.var.requestId, uid, key: alias }, 'API key stored')
    const address = stored.baseUrl ?? env.deepseekBaseUrl
    return c.json({ id: stored.id, alias, last4: secret.slice(-4), base_url: address })
  })

  serve(app, listKeys, async (c) => {
    const rows = await keys.list()
    return c.json({ keys: rows.map((row) => view(c, row)) })
  })

  serve(app, changeKey, async (c, { params: { id }, body, who: { uid } }) => {
    const { version, ...change }: ApiKeyChange & { version: number } = body
    const { row } = await find(id)
    if (row.standin === 1 && change.account !== undefined) {
      throw wrongField(c, 'account', STANDIN_STAYS)
    }
    const outcome = await keys.change(id, change, await auditOrigin(deps, c), version)
    if (outcome === 'missing') throw new Failure('not_found')
    const now = view(c, await find(id))
    if (outcome === 'conflict') throw new Failure('conflict', { current: now })
    const { requestId } = c.var
    log.info({ requestId, uid, key: row.alias, change }, 'API key changed')
    return c.json(now)
  })

  serve(app, removeKey, async (c, { params: { id }, who: { uid } }) => {
    const { row } = await find(id)
    if (row.standin === 1) throw new Failure('forbidden')
    const isRemoved = await keys.remove(id, await auditOrigin(deps, c))
    if (!isRemoved) throw new Failure('not_found')
    log.info({ requestId: c.var.requestId, uid, key: row.alias }, 'API key removed')
    return c.body(null, 204)
  })

  /** @throws {Failure} not_found */
  async function find(id: string): Promise<OpenedRow> {
    const row = await keys.find(id)
    if (row === undefined) throw new Failure('not_found')
    return row
  }

  function view(c: AppContext, row: OpenedRow) {
    const obstacle = row.key && keys.obstacle(row.key)
    return keyView(row, obstacle, env.deepseekBaseUrl, c.var.lang)
  }

  /** A real key travels neither in the clear nor to the stand-in. */
  function checkedUrl(c: AppContext, text: string): string {
    const baseUrl = normalBaseUrl(text)
    if (baseUrl === undefined) throw wrongField(c, 'base_url', INSECURE)
    if (!mayTravel({ baseUrl, standin: false }, env.standinUrl)) {
      throw wrongField(c, 'base_url', STANDIN_SERVER)
    }
    return baseUrl
  }

  return app
}

const RESERVED = {
  en: 'This alias is reserved for the stand-in.',
  'zh-CN': '该别名为本地模拟服务保留。',
}
const OWN_ADDRESS = {
  en: 'This alias has a base_url of its own: repeat it, or give null for the general one.',
  'zh-CN': '该别名有自己的 base_url：请再次填写，或填 null 使用默认地址。',
}
const STANDIN_STAYS = {
  en: 'The stand-in stays what it is.',
  'zh-CN': '本地模拟服务的该项不可修改。',
}
const INSECURE = {
  en: 'Give an https:// URL, or an http:// URL on this machine, without credentials or query.',
  'zh-CN': '请填写 https:// 地址，或本机的 http:// 地址，且不含账号密码与查询参数。',
}
const STANDIN_SERVER = {
  en: 'This is the local stand-in: a real key is never sent to it.',
  'zh-CN': '这是本地模拟服务的地址，真实密钥不会发送给它。',
}
