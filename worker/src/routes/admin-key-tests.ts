/** Questions to the provider about its keys, which cost nothing. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { KeyTest as Tested } from '#contract/key-state.ts'
import type { Lang } from '#contract/lang.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createSemaphore } from '../domain/semaphore.ts'
import { Failure } from '../failure.ts'
import type { OpenedRow } from '../stores/api-keys.ts'
import { idParam } from './ids.ts'
import { KeyBalance, KeyTest, KeyTestLine } from './key-schema.ts'
import { failureView, flawView, testView } from './key-view.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { textStream } from './text-stream.ts'

/** Keys that are tested at the same time. */
const TESTS_AT_ONCE = 4

const NDJSON = 'application/x-ndjson'

const KeyId = z.strictObject({ id: idParam })

const testKey = operation({
  id: 'testKey',
  method: 'post',
  path: '/admin/api/keys/{id}/test',
  tag: 'Administration',
  summary: 'Asks the provider for its models and the balance with a key; costs nothing.',
  access: 'admin',
  params: KeyId,
  answers: { 200: { description: 'What the provider thinks of it.', schema: KeyTest } },
})

const testKeys = operation({
  id: 'testKeys',
  method: 'post',
  path: '/admin/api/keys/test',
  tag: 'Administration',
  summary: 'Does so with every key, disabled ones too; each outcome is sent as it is there.',
  access: 'admin',
  answers: {
    200: { description: 'One JSON object a line, by alias.', type: NDJSON, schema: KeyTestLine },
  },
})

const readKeyBalance = operation({
  id: 'readKeyBalance',
  method: 'get',
  path: '/admin/api/keys/{id}/balance',
  tag: 'Administration',
  summary: "Shows what a key's account has left, at most a minute old.",
  description: 'Not found also if the provider does not tell.',
  access: 'admin',
  params: KeyId,
  answers: { 200: { description: 'Amounts are decimal strings.', schema: KeyBalance } },
  problems: [
    ...['upstream_key_rejected', 'upstream_busy', 'upstream_unavailable', 'upstream_timeout'],
  ] as const,
})

export const ADMIN_KEY_TEST_OPERATIONS: readonly OperationSpec[] = [
  testKey,
  testKeys,
  readKeyBalance,
]

export function adminKeyTestRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { keys, keyCheck } = deps

  // Its address looks like that of a key, so it comes first.
  serve(app, testKeys, async (c) => {
    const rows = await keys.list()
    return textStream(lines(rows, c.var.lang), { 'Content-Type': NDJSON }, 1)
  })

  serve(app, testKey, async (c, { params: { id } }) => {
    const tested = await test(await find(id), c.var.lang)
    if (tested === undefined) throw new Failure('not_found')
    return c.json(tested)
  })

  serve(app, readKeyBalance, async (c, { params: { id } }) => {
    const { key } = await find(id)
    const balance = key && (await keyCheck.balance(key))
    if (balance === undefined) throw new Failure('not_found')
    return c.json(balance)
  })

  async function test({ key, flaw }: OpenedRow, lang: Lang): Promise<Tested | undefined> {
    if (flaw !== undefined) return flawView(flaw, lang)
    return key && testView(await keyCheck.test(key), lang)
  }

  /** What goes wrong with one key says nothing about the others. */
  async function* lines(rows: readonly OpenedRow[], lang: Lang): AsyncGenerator<string, void> {
    const turns = createSemaphore(TESTS_AT_ONCE, rows.length)
    const outcomes = rows.map((row) =>
      turns.run(() => test(row, lang).catch((error: unknown) => failed(error, lang))),
    )
    for (const [n, { row }] of rows.entries()) {
      const tested = await outcomes[n]
      if (tested === undefined) continue
      yield `${JSON.stringify({ id: row.id, alias: row.alias, ...tested })}\n`
    }
  }

  function failed(err: unknown, lang: Lang): Tested {
    deps.log.warn({ err }, 'an API key could not be tested')
    return failureView(err, lang)
  }

  /** @throws {Failure} not_found */
  async function find(id: string): Promise<OpenedRow> {
    const row = await keys.find(id)
    if (row === undefined) throw new Failure('not_found')
    return row
  }

  return app
}
