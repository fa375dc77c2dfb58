import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from './accounts.ts'
import type { Document } from './openapi.ts'

/** Returns the OpenAPI document that a stack gives. */
export async function documentOf(plan: Plan): Promise<Document> {
  const { client } = await signedIn(plan)
  const answer = await client.send('/api/openapi.json')
  client.close()
  assert.equal(answer.status, 200, answer.text)
  return answer.json<Document>()
}
