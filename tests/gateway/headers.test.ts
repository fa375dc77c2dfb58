import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { signedIn } from '../support/accounts.ts'
import { Client, type Send } from '../support/client.ts'
import { plainHttp } from '../support/plain-http.ts'
import { assertGateHeaders } from '../support/response-headers.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const HTML = { Accept: 'text/html' }

/** What a signed-in person who is no admin gets for a request. */
const ANSWERS: readonly [string, number, string, Send?][] = [
  ['a page', 200, '/chat'],
  ['JSON', 200, '/api/me'],
  ['an asset', 200, 'asset'],
  ['the root', 302, '/'],
  ['a form', 303, '/logout', { method: 'POST' }],
  ['a bad body', 400, '/api/chat', { body: '{', headers: { 'Content-Type': 'application/json' } }],
  ['no session', 401, '/api/me', { headers: { Cookie: '' } }],
  ['a page without session', 302, '/chat', { headers: { Cookie: '' } }],
  ['an admin API', 403, '/admin/api/keys'],
  ['an admin page', 403, '/admin', { headers: HTML }],
  ['an unknown API', 404, '/api/nothing'],
  ['an unknown page', 404, '/nothing', { headers: HTML }],
  ['an unknown asset', 404, '/assets/nothing.js'],
  ['a wrong method', 405, '/chat', { method: 'POST', body: 'x' }],
  ['a wrong method of the API', 405, '/api/me', { method: 'DELETE' }],
  ['a large body', 413, '/api/chat', { body: 'x'.repeat(300_000) }],
  ['a long address', 414, `/${'x'.repeat(9000)}`],
  ['a wrong type', 415, '/api/chat', { body: 'x', headers: { 'Content-Type': 'text/plain' } }],
  ['large headers', 431, '/api/me', { headers: { 'X-Large': 'x'.repeat(9000) } }],
]

for (const [what, status, path, send] of ANSWERS) {
  stackTest(
    `${status} (${what}) carries the security headers and the request id`,
    async ({ plan }) => {
      const { client } = await signedIn(plan)
      const target = path === 'asset' ? await firstAsset(client) : path
      const answer = await client.send(target, send)
      assert.equal(answer.status, status, answer.text.slice(0, 500))
      assertGateHeaders(answer.headers, what)
      if (status >= 400) assert.equal(answer.headers['cache-control'], 'no-store')
      if (status >= 400) assert.equal(answer.headers.etag, undefined)
    },
    { provokes: /intended to send too large body/ },
  )
}

stackTest('429 and a streamed answer carry them too', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const body = { message: 'standin: tokens=2 delay=0' }
  for (const status of [200, 200, 200, 200, 200, 429]) {
    const answer = await client.send('/api/chat', { body })
    assert.equal(answer.status, status)
    assertGateHeaders(answer.headers, `chat ${status}`)
  }
})

stackTest('the redirect of plain HTTP carries them too', async ({ plan }) => {
  const answer = await plainHttp({ to: plan.settings.httpPort, path: '/' })
  assert.equal(answer.status, 308)
  assertGateHeaders(answer.headers, 'the redirect')
})

stackTest(
  'the upstream’s failure becomes a 5xx with them, and says when to retry',
  async ({ plan }) => {
    const { client } = await signedIn(plan)
    const body = { message: 'standin: status=503', stream: false }
    const answer = await client.send('/api/chat', { body })
    assert.equal(answer.status, 503, answer.text)
    assertGateHeaders(answer.headers, '503')
  },
)

stackTest('a page is asked for again each time and has no validator', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const path of ['/login', '/chat', '/dashboard']) {
    const { headers } = await client.send(path, {
      headers: { 'If-Modified-Since': new Date().toUTCString() },
    })
    assert.equal(headers['cache-control'], 'no-cache, private')
    assert.equal(headers.etag, undefined)
    const vary = String(headers.vary).split(/, */)
    for (const name of ['Accept-Language', 'Cookie']) assert.ok(vary.includes(name), vary.join())
  }
})

stackTest(
  'a page comes in the language of the cookie, else of the browser, else English',
  async ({ plan }) => {
    const cases: readonly [string | undefined, string, string][] = [
      [undefined, '', 'en'],
      [undefined, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
      [undefined, 'zh-TW', 'zh-CN'],
      [undefined, 'de, zh;q=0.8, en;q=0.5', 'zh-CN'],
      [undefined, 'en-GB, zh;q=0.8', 'en'],
      [undefined, 'fr', 'en'],
      ['zh-CN', 'en', 'zh-CN'],
      ['en', 'zh-CN', 'en'],
      ['klingon', 'zh-CN', 'zh-CN'],
      ['../../etc', '', 'en'],
    ]
    for (const [cookie, accept, lang] of cases) {
      const client = new Client(plan)
      if (cookie !== undefined) client.cookies.set('lang', cookie)
      for (const path of ['/login', '/nothing']) {
        const { text } = await client.send(path, {
          headers: { ...HTML, 'Accept-Language': accept },
        })
        assert.match(text, new RegExp(`<html lang="${lang}">`), `${path} ${cookie} ${accept}`)
      }
    }
  },
)

stackTest(
  'assets are kept for a year, were compressed beforehand and name their type',
  async ({ plan }) => {
    const client = new Client(plan)
    const page = (await client.send('/login')).text
    const paths = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      ([, path]) => path ?? '',
    )
    assert.ok(
      paths.some((path) => path.endsWith('.js')) && paths.some((path) => path.endsWith('.css')),
    )
    for (const path of paths) {
      assert.match(path, /-[0-9a-f]{8,}\.\w+$/, 'the name holds a hash')
      const plain = await client.open(path)
      const whole = Buffer.concat(await plain.toArray())
      assert.equal(plain.statusCode, 200)
      const values = String(plain.headers['cache-control']).split(/, */)
      assert.ok(values.includes('public') && values.includes('immutable'), values.join())
      const age = Number(values.find((value) => value.startsWith('max-age='))?.slice(8))
      assert.ok(age >= 30 * 86_400, `max-age ${age}`)
      assert.match(
        String(plain.headers['content-type']),
        /^(?:text\/(?:javascript|css)|image\/svg)/,
      )

      const packed = await client.open(path, { headers: { 'Accept-Encoding': 'gzip' } })
      const bytes = Buffer.concat(await packed.toArray())
      assert.equal(packed.headers['content-encoding'], 'gzip', path)
      // A file that was compressed when it was built has a known length.
      assert.equal(packed.headers['content-length'], String(bytes.length), path)
      assert.match(String(packed.headers.vary), /Accept-Encoding/)
      assert.ok(gunzipSync(bytes).equals(whole))
    }
  },
)

async function firstAsset(client: Client): Promise<string> {
  const { text } = await client.send('/login')
  return /"(\/assets\/[^"]+)"/.exec(text)?.[1] ?? ''
}
