/** Branches are read page by page, and each message tells its siblings. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, signedIn } from '../support/accounts.ts'
import {
  idOf,
  idsOf,
  messagesOf,
  pagesOf,
  plantConversation,
  say,
  takeTurn,
  textOf,
} from '../support/conversations.ts'
import { sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

stackTest(
  'a branch is read page by page, up from its end and down from a fork',
  async ({ plan }) => {
    const { client, account } = await signedIn(plan)
    const texts = Array.from({ length: 11 }, (_, index) => `text ${index}`)
    const { id, messages } = await plantConversation(plan, account, texts)
    const read = async (start: string) =>
      (await pagesOf(client, id, `?limit=4${start}`)).map((page) => page.map(textOf))
    assert.deepEqual(await read(''), [texts.slice(7), texts.slice(3, 7), texts.slice(0, 3)])
    assert.deepEqual(await read(`&leaf=${messages[4]}`), [texts.slice(1, 5), texts.slice(0, 1)])
    assert.deepEqual(await read(`&below=${messages[2]}`), [texts.slice(3, 7), texts.slice(7, 11)])
    assert.deepEqual(await read(`&below=${messages.at(-1)}`), [[]])
  },
)

stackTest('a page ends before its text becomes long, whichever way it goes', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  // One is longer than a page; 界 has three bytes.
  const texts = [900, 300, 300, 1500, 300, 300, 300, 600, 300, 100].map(
    (thousands, index) => index + '界'.repeat((thousands * 1000) / 3),
  )
  const { id, messages } = await plantConversation(plan, account, texts)
  const thought = 'UPDATE messages SET reasoning = content WHERE id = ?'
  await sqlRun(plan, thought, [messages[8] ?? ''])
  const read = async (query: string) =>
    (await pagesOf(client, id, `?limit=50${query}`)).map((page) =>
      page.map(({ content }) => Number(content[0])),
    )
  assert.deepEqual(await read(''), [[8, 9], [6, 7], [4, 5], [3], [1, 2], [0]])
  assert.deepEqual(await read(`&below=${messages[0]}`), [[1, 2], [3], [4, 5, 6], [7], [8, 9]])
  const last = await read(`&below=${messages[8]}`)
  assert.deepEqual(last, [[9]])
})

stackTest('downward each fork leads to the newest child', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const one = await takeTurn(client, { message: say('One') })
  const conversation_id = one.conversation
  await takeTurn(client, { message: say('Two'), conversation_id })
  const deux = await takeTurn(client, {
    message: say('Deux'),
    conversation_id,
    parent_id: one.answer,
  })
  const again = await takeTurn(client, {
    regenerate: true,
    conversation_id,
    parent_id: deux.question,
  })
  const down = await messagesOf(client, conversation_id, `?below=${one.question}`)
  assert.deepEqual(idsOf(down), [one.answer, deux.question, again.answer])
})

/** Plants a tree: `parents` says for each message which earlier one it hangs on, or -1. */
async function plantTree(plan: Plan, account: Account, parents: readonly number[]) {
  const planted = await plantConversation(plan, account, parents.map(String))
  const parentOf = (index: number) => planted.messages[parents[index] ?? -1] ?? null
  const rows = planted.messages.map((id, index) => ({ id, parent: parentOf(index) }))
  await sqlRun(
    plan,
    `UPDATE messages m JOIN JSON_TABLE(?, '$[*]' COLUMNS (
       id BIGINT UNSIGNED PATH '$.id', parent BIGINT UNSIGNED PATH '$.parent'
     )) t ON t.id = m.id SET m.parent_id = t.parent`,
    [JSON.stringify(rows)],
  )
  return { id: planted.id, rows }
}

stackTest('whatever the tree, branches and siblings are those of the tree', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const shape = fc.array(fc.nat(), { minLength: 1, maxLength: 40 })
  // Most hang on one of the last few, as people write.
  const parentsOf = (picks: readonly number[]) =>
    picks.map((pick, index) => Math.max(-1, index - 1 - (pick % (pick % 7 === 0 ? index + 1 : 3))))
  await fc.assert(
    fc.asyncProperty(shape, fc.nat(), fc.integer({ min: 1, max: 9 }), async (picks, at, limit) => {
      const { id, rows } = await plantTree(plan, account, parentsOf(picks))
      const children = (parent: string | null) =>
        rows.filter((row) => row.parent === parent).map((row) => row.id)
      const above = (from: string | null | undefined): string[] =>
        from == null ? [] : [...above(rows.find((row) => row.id === from)?.parent), from]
      const below = (from: string): string[] => {
        const next = children(from).at(-1)
        return next === undefined ? [] : [next, ...below(next)]
      }
      const some = rows[at % rows.length]?.id ?? ''
      const read = (query: string) => pagesOf(client, id, `?limit=${limit}${query}`)
      const newest = (await read('')).toReversed().flat()
      assert.deepEqual(newest.map(idOf), above(rows.at(-1)?.id))
      const other = (await read(`&leaf=${some}`)).toReversed().flat()
      assert.deepEqual(other.map(idOf), above(some))
      const down = (await read(`&below=${some}`)).flat()
      assert.deepEqual(down.map(idOf), below(some))
      for (const { id: each, parent_id, siblings } of [...newest, ...other, ...down]) {
        assert.deepEqual(siblings.ids, children(parent_id))
        assert.equal(siblings.ids[siblings.position], each)
      }
    }),
    { numRuns: 12 },
  )
})

stackTest('a crowd of siblings is told up to fifty, and the message itself', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { id, messages } = await plantConversation(plan, account, Array(60).fill('beginning'))
  const beginnings = 'UPDATE messages SET parent_id = NULL WHERE conversation_id = ?'
  await sqlRun(plan, beginnings, [id])
  const [newest] = (await messagesOf(client, id)).items
  assert.deepEqual(newest?.siblings, { ids: messages.slice(10), position: 49 })
  const [oldest] = (await messagesOf(client, id, `?leaf=${messages[0]}`)).items
  assert.deepEqual(oldest?.siblings, { ids: [messages[0], ...messages.slice(10)], position: 0 })
})
