import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import type { Plan } from '../../scripts/stack/plan.ts'
import { Client } from '../support/client.ts'
import { plainHttp } from '../support/plain-http.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

async function handshake(
  plan: Plan,
  version: SecureVersion,
  servername = 'localhost',
): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: plan.settings.httpsPort,
    servername,
    ca: readFileSync(`${plan.layout.tls}/fullchain.crt`),
    minVersion: version,
    maxVersion: version,
    // Below its default level OpenSSL offers the old versions too, so the refusal is the server's.
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  await once(socket, 'secureConnect')
  return socket
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  stackTest(
    `${version} is spoken, with forward secrecy and authenticated encryption`,
    async ({ plan }) => {
      const socket = await handshake(plan, version)
      assert.equal(socket.getProtocol(), version)
      assert.match(socket.getCipher().standardName, /GCM|CHACHA20/)
      assert.match(socket.getCipher().standardName, version === 'TLSv1.2' ? /_ECDHE_/ : /^TLS_/)
      socket.destroy()
    },
  )
}

for (const version of ['TLSv1', 'TLSv1.1'] as const) {
  stackTest(`${version} is refused by the server`, async ({ plan }) => {
    await assert.rejects(handshake(plan, version), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  })
}

stackTest('the certificate is good for localhost, the domain and 127.0.0.1', async ({ plan }) => {
  for (const name of ['localhost', 'chat.example']) {
    const socket = await handshake(plan, 'TLSv1.3', name)
    assert.equal(socket.authorized, true)
    socket.destroy()
  }
  const socket = await handshake(plan, 'TLSv1.3')
  assert.match(String(socket.getPeerCertificate().subjectaltname), /IP Address:127\.0\.0\.1/)
  socket.destroy()
  assert.equal(statSync(`${plan.layout.tls}/private.key`).mode & 0o777, 0o600)
})

stackTest(
  'HTTP/2 is chosen where the client offers it, and carries the gate as well',
  async ({ plan }) => {
    const session = connectHttp2(`https://localhost:${plan.settings.httpsPort}`, {
      ca: readFileSync(`${plan.layout.tls}/fullchain.crt`),
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    const statusOf = async (path: string) => {
      const stream = session.request({ ':path': path })
      const [headers] = await once(stream, 'response')
      stream.resume()
      await once(stream, 'end')
      return headers[':status']
    }
    assert.equal(await statusOf('/login'), 200)
    assert.equal(await statusOf('/api/me'), 401)
    assert.equal(await statusOf('/chat'), 302)
    assert.equal(session.alpnProtocol, 'h2')
    session.close()
  },
)

stackTest('plain HTTP leads to HTTPS on the asked host, path and query kept', async ({ plan }) => {
  const { httpPort, httpsPort } = plan.settings
  for (const [host, target] of [
    ['localhost', 'localhost'],
    [`localhost:${httpPort}`, 'localhost'],
    ['LocalHost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['192.0.2.7:1234', '192.0.2.7'],
    [`[::1]:${httpPort}`, '[::1]'],
    ['chat.example', 'chat.example'],
    // Whatever is not ours leads to the first domain, so that nobody is sent elsewhere.
    ['evil.example', 'chat.example'],
    ['chat.example.evil.example', 'chat.example'],
    ['localhost.evil.example', 'chat.example'],
  ]) {
    const path = '/chat/a%20b?x=1&y=%2F'
    const answer = await plainHttp({ to: httpPort, path, headers: { Host: host ?? '' } })
    assert.equal(answer.status, 308, host)
    assert.equal(answer.headers.location, `https://${target}:${httpsPort}${path}`, host)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
})

stackTest(
  'over plain HTTP nothing but the redirect and the health check is served',
  async ({ plan }) => {
    const { httpPort, httpsPort } = plan.settings
    for (const path of ['/login', '/api/me', '/assets/x.js', '/admin/api_key']) {
      const answer = await plainHttp({
        to: httpPort,
        path,
        method: 'POST',
        headers: { Host: 'localhost' },
        body: '{"username":"a","password":"b"}',
      })
      assert.equal(answer.status, 308)
      assert.equal(answer.headers.location, `https://localhost:${httpsPort}${path}`)
    }
    const health = await plainHttp({ to: httpPort, path: '/healthz' })
    assert.deepEqual([health.status, health.text], [200, 'ok\n'])
  },
)

stackTest('plain HTTP on the HTTPS port leads to HTTPS', async ({ plan }) => {
  const { httpsPort } = plan.settings
  const path = '/chat?x=1'
  const ask = (host: string) => plainHttp({ to: httpsPort, path, headers: { Host: host } })
  const own = await ask(`localhost:${httpsPort}`)
  assert.equal(own.status, 308)
  assert.equal(own.headers.location, `https://localhost:${httpsPort}${path}`)
  const foreign = await ask('evil.example')
  assert.equal(foreign.status, 308)
  assert.equal(foreign.headers.location, `https://chat.example:${httpsPort}${path}`)
})

stackTest('a self-signed certificate never comes with HSTS', async ({ plan }) => {
  const client = new Client(plan)
  for (const host of ['localhost', 'chat.example', '127.0.0.1']) {
    for (const path of ['/login', '/api/me', '/nothing']) {
      const { headers } = await client.send(path, { headers: { Host: host } })
      assert.equal(headers['strict-transport-security'], undefined)
    }
  }
})

stackTest('redirects inside the site stay on the host and port asked for', async ({ plan }) => {
  const client = new Client(plan)
  const answer = await client.send('/', { headers: { Host: 'chat.example' } })
  assert.equal(answer.status, 302)
  assert.equal(answer.headers.location, '/chat')
})
