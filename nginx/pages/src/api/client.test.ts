import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeProblem, PROBLEM_TYPE } from '#contract/problem.ts'
import { createApi } from './client.ts'
import { ApiFailure, type Trouble } from './trouble.ts'

function apiAnswering(response: Response | Error, isOnline = true) {
  let signedOut = 0
  const requests: { path: string; init: RequestInit | undefined }[] = []
  const api = createApi({
    fetch: async (path, init) => {
      requests.push({ path: String(path), init })
      if (response instanceof Error) throw response
      return response
    },
    isOnline: () => isOnline,
    onUnauthenticated: () => {
      signedOut += 1
    },
  })
  return { api, requests, signedOut: () => signedOut }
}

function problemResponse(...args: Parameters<typeof makeProblem>): Response {
  const problem = makeProblem(...args)
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'Content-Type': PROBLEM_TYPE },
  })
}

async function troubleFrom(call: Promise<unknown>): Promise<Trouble> {
  try {
    await call
  } catch (error) {
    if (error instanceof ApiFailure) return error.trouble
    throw error
  }
  throw new Error('the call did not fail')
}

test('a body comes back as data', async () => {
  const { api, requests } = apiAnswering(Response.json({ id: '7' }))
  assert.deepEqual(await api.post('/api/x', { a: 1 }), { id: '7' })
  assert.equal(requests[0]?.init?.body, '{"a":1}')
  assert.ok(requests[0]?.init?.signal, 'every call has a timeout')
})

test('a problem keeps its words, its request id and its wait', async () => {
  const { api, signedOut } = apiAnswering(
    problemResponse('rate_limited', 'req-1', 'en', {
      retryAfter: 42,
      limit: { quota: 5, windowSeconds: 60 },
    }),
  )
  const trouble = await troubleFrom(api.get('/api/x'))
  assert.equal(trouble.title, 'Too many requests')
  assert.equal(trouble.requestId, 'req-1')
  assert.equal(trouble.retryAfter, 42)
  assert.equal(signedOut(), 0)
})

test('401 says that nobody is signed in', async () => {
  const { api, signedOut } = apiAnswering(problemResponse('unauthenticated', 'r', 'zh-CN'))
  assert.equal((await troubleFrom(api.get('/api/x'))).status, 401)
  assert.equal(signedOut(), 1)
})

test("another server's error page is told apart, with the request id of its header", async () => {
  const { api } = apiAnswering(
    new Response('<h1>502</h1>', { status: 502, headers: { 'X-Request-Id': 'req-2' } }),
  )
  const trouble = await troubleFrom(api.get('/api/x'))
  assert.equal(trouble.status, 502)
  assert.equal(trouble.code, undefined)
  assert.equal(trouble.requestId, 'req-2')
})

test('no answer: offline, unreachable and timeout have their own words', async () => {
  const titles = await Promise.all(
    [
      apiAnswering(new TypeError('Failed to fetch'), false),
      apiAnswering(new TypeError('Failed to fetch'), true),
      apiAnswering(new DOMException('late', 'TimeoutError'), true),
    ].map(async ({ api }) => (await troubleFrom(api.get('/api/x'))).title),
  )
  assert.equal(new Set(titles).size, 3)
})

test('a 200 that is not JSON, or not a stream, is a failure', async () => {
  const page = () => new Response('<p>Please accept our terms</p>', { status: 200 })
  assert.equal((await troubleFrom(apiAnswering(page()).api.get('/api/x'))).status, 200)
  const stream = apiAnswering(page()).api.stream('/api/chat', {}, new AbortController().signal)
  assert.equal((await troubleFrom(stream)).status, 200)
})

test('a stream is handed over as bytes', async () => {
  const { api } = apiAnswering(
    new Response('event: x\n\n', {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8' },
    }),
  )
  const stream = await api.stream('/api/chat', {}, new AbortController().signal)
  assert.equal(await new Response(stream).text(), 'event: x\n\n')
})
