/** POST /admin/api_key and /admin/api/keys: the provider's keys, which never come back out. */

import { Hono } from 'hono'
import { z } from 'zod'
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
import { requireAdmin } from '../guards.ts'
import type { ApiKeyChange, OpenedRow } from '../stores/api-keys.ts'
import { parseJson } from './json-body.ts'
import { flawView, keyView, testView } from './key-view.ts'
import { wrongField } from './wrong-field.ts'

const MAX_WEIGHT = 1000

const Account = z.string().regex(ALIAS_PATTERN)
const BaseUrl = z.string().max(255)
const Weight = z.int().min(1).max(MAX_WEIGHT)

const KeyBody = z.strictObject({
  api_key: z.string().regex(KEY_PATTERN),
  alias: z.string().regex(ALIAS_PATTERN).default('default'),
  base_url: BaseUrl.nullable().exactOptional(),
  weight: Weight.exactOptional(),
  account: Account.nullable().exactOptional(),
})

/** Without base_url: a stored key moves only with whoever has it, in the body above. */
const ChangeBody = z
  .strictObject({
    enabled: z.boolean().exactOptional(),
    weight: Weight.exactOptional(),
    account: Account.nullable().exactOptional(),
  })
  .refine((body) => Object.keys(body).length > 0)

export function adminKeyRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { env, keys, keyCheck, log } = deps

  app.post('/admin/api_key', async (c) => {
    const { uid } = requireAdmin(c)
    const body = await parseJson(c, KeyBody)
    const { alias, api_key: secret, base_url } = body
    if (alias === STANDIN_ALIAS) throw wrongField(c, 'alias', RESERVED)
    const baseUrl = typeof base_url === 'string' ? checkedUrl(c, base_url) : base_url
    const { weight, account } = body
    const id = await keys.put({ alias, secret, baseUrl, weight, account })
    log.info({ requestId: c.var.requestId, uid, key: alias }, 'API key stored')
    return c.json({ id, alias, last4: secret.slice(-4) })
  })

  app.get('/admin/api/keys', async (c) => {
    requireAdmin(c)
    const rows = await keys.list()
    return c.json({ keys: rows.map((row) => view(c, row)) })
  })

  app.patch('/admin/api/keys/:id', async (c) => {
    const { uid } = requireAdmin(c)
    const change: ApiKeyChange = await parseJson(c, ChangeBody)
    const { row } = await find(c)
    if (row.standin === 1 && change.account !== undefined) {
      throw wrongField(c, 'account', STANDIN_STAYS)
    }
    if (!(await keys.change(row.id, change))) throw new Failure('not_found')
    const { requestId } = c.var
    log.info({ requestId, uid, key: row.alias, change }, 'API key changed')
    return c.json(view(c, await find(c)))
  })

  app.delete('/admin/api/keys/:id', async (c) => {
    const { uid } = requireAdmin(c)
    const { row } = await find(c)
    if (row.standin === 1) throw new Failure('forbidden')
    await keys.remove(row.id)
    log.info({ requestId: c.var.requestId, uid, key: row.alias }, 'API key removed')
    return c.body(null, 204)
  })

  app.post('/admin/api/keys/:id/test', async (c) => {
    requireAdmin(c)
    const { key, flaw } = await find(c)
    if (flaw !== undefined) return c.json(flawView(flaw, c.var.lang))
    if (key === undefined) throw new Failure('not_found')
    return c.json(testView(await keyCheck.test(key), c.var.lang))
  })

  app.get('/admin/api/keys/:id/balance', async (c) => {
    requireAdmin(c)
    const { key } = await find(c)
    const balance = key && (await keyCheck.balance(key))
    if (balance === undefined) throw new Failure('not_found')
    return c.json(balance)
  })

  /** Returns the row that the path names. @throws {Failure} not_found */
  async function find(c: AppContext): Promise<OpenedRow> {
    const id = c.req.param('id') ?? ''
    const row = /^[1-9]\d{0,18}$/.test(id) ? await keys.find(id) : undefined
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
