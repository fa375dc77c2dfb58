/**
 * Every operation of the OpenAPI document is asked with what nobody should send: it never breaks, never
 * hangs, answers in one shape, and keeps nothing of what it refused.
 */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import fc from 'fast-check'
import { isProblemCode } from '#contract/problem-codes.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { testEnv } from '../../worker/src/fake-deps.ts'
import { openApiDocument } from '../../worker/src/openapi.ts'
import { allOperations } from '../../worker/src/routes/operations.ts'
import type { Answer } from '../support/client.ts'
import { answerCheck } from '../support/documented-answer.ts'
import { type FuzzVisitor, fuzzVisitor } from '../support/fuzz-visitor.ts'
import { type HostileRequest, hostileRequests } from '../support/hostile-requests.ts'
import { type Document, operationFor, operationsIn } from '../support/openapi.ts'
import { chooseSeed } from '../support/seed.ts'
import { sqlRun } from '../support/sql.ts'
import { assertNothingStored, storedRows } from '../support/stored-rows.ts'
import { useStack } from '../support/test-stack.ts'

/** Limits are tested elsewhere. A key that gets stored leads nowhere. */
const { stackTest } = useStack({
  GATE_FLOOD: 'off',
  GATE_LIMIT_API: '"api";q=2000;w=1',
  GATE_LIMIT_CHAT: '"chat";q=2000;w=1',
  GATE_LIMIT_LOGIN: '"login";q=2000;w=1',
  GATE_LIMIT_V1: '"v1";q=2000;w=1',
  GATE_LIMIT_STREAMS: '100',
  DEEPSEEK_BASE_URL: 'http://127.0.0.1:9',
})

/** Requests of each operation; those with a body have more that can be wrong. */
const RUNS = 25
const RUNS_WITH_BODY = 45

const document: Document = JSON.parse(JSON.stringify(openApiDocument(allOperations(testEnv()))))
const operations = operationsIn(document)
const { check } = answerCheck(document)
const seed = chooseSeed()

/** By what they may do. */
const visitors = new Map<string, FuzzVisitor>()
after(() => {
  for (const visitor of visitors.values()) visitor.close()
})

for (const operation of operations) {
  const { method, path, security, requestBody } = operation
  const numRuns = requestBody === undefined ? RUNS : RUNS_WITH_BODY
  const way = JSON.stringify(security)
  stackTest(
    `${method} ${path}: whatever is sent, it is served or refused as documented`,
    async ({ plan }) => {
      const rows = await storedRows(plan)
      const known = visitors.get(way)
      let visitor = known !== undefined && (await known.isWelcome()) ? known : await renew(plan)
      let stored = await rows.look()
      const requests = hostileRequests(document, operation, (pattern) => visitor.known(pattern))
      const property = fc.asyncProperty(requests, async (request) => {
        const answer = await visitor.send(request)
        assertFit(request, answer)
        const now = await rows.look()
        if (isRefused(answer)) assertNothingStored(stored, now, `${method} ${path}`)
        stored = now
        // What was accepted may have ended the session, or removed what is asked about.
        const isGone = method === 'DELETE' && path.includes('{') && answer.status < 400
        if (isGone || (answer.status === 401 && !(await visitor.isWelcome()))) {
          visitor = await renew(plan)
          stored = await rows.look()
        }
      })
      try {
        await fc.assert(property, { seed, numRuns, includeErrorInReport: true })
      } finally {
        await rows.close()
        // No later call goes out with a key that was stored here.
        await sqlRun(plan, 'DELETE FROM api_keys WHERE NOT standin')
      }
    },
    { provokes: /client intended to send too large body/ },
  )

  async function renew(plan: Plan): Promise<FuzzVisitor> {
    visitors.get(way)?.close()
    const visitor = await fuzzVisitor(plan, operation)
    visitors.set(way, visitor)
    return visitor
  }
}

/** What the provider did not like was asked of it, and so is kept and billed. */
function isRefused({ status, headers, text }: Answer): boolean {
  if (status < 400) return headers.location?.endsWith('#failed') === true
  return !/"code":"upstream_/.test(text)
}

function assertFit(request: HostileRequest, answer: Answer): void {
  const { method, address } = request
  const what = `${answer.status}: ${answer.text.slice(0, 500)}`
  assert.ok(answer.status < 500 || /"code":"upstream_/.test(answer.text), what)
  assert.match(String(answer.headers['x-request-id']), /^[0-9a-f]{32}$/, what)
  for (const name of Object.keys(answer.headers)) assert.doesNotMatch(name, /evil|x-gate/, what)
  const asked = operationFor(operations, method, address.replace(/\?.*$/s, ''))
  if (asked !== undefined) check(asked, answer)
  else if (answer.status >= 400) assertError(address, answer, what)
  // Another address, such as that of a page.
  else assert.equal(method, 'GET', what)
}

function assertError(address: string, answer: Answer, what: string): void {
  const { code, request_id, error } = JSON.parse(answer.text)
  if (/^\/v1\//.test(address)) {
    assert.equal(typeof error.code, 'string', what)
    return
  }
  assert.ok(isProblemCode(code), what)
  assert.equal(request_id, answer.headers['x-request-id'], what)
}
