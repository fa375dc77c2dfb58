/** Over HTTP/2 the host is no header; the rule that compares Origin with it has to hold all the same. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Plan } from '../../scripts/stack/plan.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

type Headers = Readonly<Record<string, string>>

/** Returns status and code of an answer to POST /api/chat without a session. */
async function post(session: ClientHttp2Session, headers: Headers) {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/api/chat',
    'content-type': 'application/json',
    ...headers,
  })
  const answered = once(stream, 'response')
  stream.end('{}')
  const [answer] = await answered
  const text = (await stream.setEncoding('utf8').toArray()).join('')
  return `${answer[':status']} ${JSON.parse(text).code}`
}

async function withSession<T>(plan: Plan, run: (session: ClientHttp2Session) => Promise<T>) {
  const ca = readFileSync(`${plan.layout.tls}/fullchain.crt`)
  const session = connect(`https://localhost:${plan.settings.httpsPort}`, { ca })
  try {
    return await run(session)
  } finally {
    session.close()
  }
}

stackTest('Origin is compared with the authority that was asked', async ({ plan }) => {
  const { httpsPort } = plan.settings
  const own = `https://localhost:${httpsPort}`
  await withSession(plan, async (session) => {
    for (const headers of [
      {},
      { origin: own },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      // By another name of ours the origin is that name.
      { ':authority': `127.0.0.1:${httpsPort}`, origin: `https://127.0.0.1:${httpsPort}` },
    ]) {
      assert.equal(await post(session, headers), '401 unauthenticated', JSON.stringify(headers))
    }
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'https://localhost' },
      { origin: `https://127.0.0.1:${httpsPort}` },
      { origin: own, 'sec-fetch-site': 'cross-site' },
      // A header of that name does not outweigh the authority.
      {
        ':authority': `localhost:${httpsPort}`,
        host: 'evil.example',
        origin: 'https://evil.example',
      },
    ]) {
      const outcome = await post(session, headers).catch((error: Error) => error.message)
      assert.match(outcome, /^403 cross_site$|^400 /, JSON.stringify(headers))
    }
  })
})
