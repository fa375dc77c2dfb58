/** POST /admin/api_key and GET /admin/api/keys: the provider's keys, which never come back out. */

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
import { requireAdmin } from '../guards.ts'
import { parseJson } from './json-body.ts'
import { wrongField } from './wrong-field.ts'

const MAX_WEIGHT = 1000

const KeyBody = z.strictObject({
  api_key: z.string().regex(KEY_PATTERN),
  alias: z.string().regex(ALIAS_PATTERN).default('default'),
  base_url: z.string().max(255).exactOptional(),
  weight: z.int().min(1).max(MAX_WEIGHT).default(1),
})

export function adminKeyRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { keys, log } = deps

  app.post('/admin/api_key', async (c) => {
    const { uid } = requireAdmin(c)
    const { alias, api_key: secret, weight, base_url } = await parseJson(c, KeyBody)
    if (alias === STANDIN_ALIAS) throw wrongField(c, 'alias', RESERVED)
    const baseUrl = base_url === undefined ? undefined : checkedUrl(c, base_url)
    const id = await keys.put({ alias, secret, baseUrl, weight })
    log.info({ requestId: c.var.requestId, uid, key: alias }, 'API key stored')
    return c.json({ id, alias, last4: secret.slice(-4) })
  })

  app.get('/admin/api/keys', async (c) => {
    requireAdmin(c)
    return c.json({ keys: await keys.list() })
  })

  /** A real key travels neither in the clear nor to the stand-in. */
  function checkedUrl(c: AppContext, text: string): string {
    const baseUrl = normalBaseUrl(text)
    if (baseUrl === undefined) throw wrongField(c, 'base_url', INSECURE)
    if (!mayTravel({ baseUrl, standin: false }, deps.env.standinUrl)) {
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
const INSECURE = {
  en: 'Give an https:// URL, or an http:// URL on this machine, without credentials or query.',
  'zh-CN': '请填写 https:// 地址，或本机的 http:// 地址，且不含账号密码与查询参数。',
}
const STANDIN_SERVER = {
  en: 'This is the local stand-in: a real key is never sent to it.',
  'zh-CN': '这是本地模拟服务的地址，真实密钥不会发送给它。',
}
