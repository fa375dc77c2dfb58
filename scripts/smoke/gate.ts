/** What the gate promises: limits, TLS, the redirect, headers. */

import { request } from 'node:http'
import { connect, type SecureVersion } from 'node:tls'
import type { Client } from '../../tests/support/client.ts'
import { awaitRows, sqlRows } from '../../tests/support/sql.ts'
import type { Plan } from '../stack/plan.ts'
import { expect, type Steps } from './steps.ts'

/** Uses up the chat limit of the default account; an empty message counts and costs no tokens. */
export async function walkGate(plan: Plan, client: Client, step: Steps): Promise<void> {
  await step('the sixth POST /api/chat within 60 s is refused by nginx', async () => {
    for (let sent = 2; sent <= 5; sent++) {
      const { status } = await client.send('/api/chat', { body: { message: '' } })
      expect(status === 400, `message ${sent} answered ${status}`)
    }
    const sixth = await client.send('/api/chat', { body: { message: 'one too many' } })
    expect(sixth.status === 429, `answered ${sixth.status}`)
    const id = String(sixth.headers['x-request-id'])
    await awaitRows(plan, 'SELECT 1 FROM proxy_logs WHERE request_id = ?', [id])
    const [row] = await sqlRows(plan, 'SELECT * FROM proxy_logs WHERE request_id = ?', [id])
    expect(row?.['upstream_status'] === null, 'the worker was called')
    const { detail } = sixth.json<{ detail: string }>()
    return `${sixth.headers['ratelimit']}, Retry-After ${sixth.headers['retry-after']}: ${detail}`
  })
  await step('plain HTTP leads to HTTPS', async () => {
    const { status, location } = await redirectOf(plan.settings.httpPort)
    expect(status === 308 && location === `${plan.url}chat?a=1`, `${status} ${location}`)
    return `${status} ${location}`
  })
  await step('TLS 1.2 and 1.3, nothing older', async () => {
    const versions: SecureVersion[] = ['TLSv1.1', 'TLSv1.2', 'TLSv1.3']
    const accepted = await Promise.all(versions.map((version) => speaks(plan, version)))
    expect(accepted.join() === 'false,true,true', accepted.join())
    return 'TLSv1.1 refused, TLSv1.2 and TLSv1.3 accepted'
  })
  await step('an error carries the security headers too', async () => {
    const { status, headers } = await client.send('/no-such-page')
    const policy = String(headers['content-security-policy'])
    expect(status === 404 && policy.includes("default-src 'none'"), `${status} ${policy}`)
    expect(headers['x-content-type-options'] === 'nosniff', 'nosniff is missing')
    return `${status} with ${Object.keys(headers).length} headers`
  })
}

function redirectOf(port: number): Promise<{ status: number; location: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/chat?a=1', headers: { Host: 'localhost' } }
    const ask = request(options, (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' })
    })
    ask.once('error', reject)
    ask.end()
  })
}

function speaks(plan: Plan, version: SecureVersion): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port: plan.settings.httpsPort,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
      // Old versions are off in OpenSSL's default security level; the refusal must be nginx's.
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
