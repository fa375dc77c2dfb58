/** From the front door to the chat page, and out again. */

import type { Client } from '../../tests/support/client.ts'
import type { Plan } from '../stack/plan.ts'
import { expect, type Steps } from './steps.ts'

/** Walks / → /chat → /login → signed in → /chat. */
export async function walkSignIn(plan: Plan, client: Client, step: Steps): Promise<void> {
  await step('GET / leads to the chat', async () => {
    const { status, headers } = await client.send('/')
    expect(status === 302 && headers.location === '/chat', `${status} ${headers.location}`)
    return `${status} ${headers.location}`
  })
  await step('GET /chat leads a stranger to the login page', async () => {
    const { status, headers } = await client.send('/chat')
    expect(
      status === 302 && headers.location === '/login?next=%2Fchat',
      `${status} ${headers.location}`,
    )
    return `${status} ${headers.location}`
  })
  await step('GET /login shows a page in both languages', async () => {
    const zh = await client.send('/login', { headers: { 'Accept-Language': 'zh-CN' } })
    const en = await client.send('/login', { headers: { 'Accept-Language': 'en' } })
    expect(zh.text.includes('lang="zh-CN"') && en.text.includes('lang="en"'), 'languages')
    return `${zh.text.length} and ${en.text.length} characters`
  })
  await step('POST /login with the default account', async () => {
    const { username, password } = plan.worker.admin
    const answer = await client.signIn(username, password)
    expect(answer.status === 200, `${answer.status} ${answer.text}`)
    return `signed in as ${username}, cookie ${[...client.cookies.keys()]}`
  })
  await step('GET /chat shows the page, its files may be kept for a year', async () => {
    const page = await client.send('/chat')
    expect(page.status === 200, String(page.status))
    const assets = [...page.text.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
    expect(assets.length > 0, 'the page names no files')
    for (const asset of assets) {
      const { status, headers } = await client.send(asset)
      expect(status === 200, `${asset} answered ${status}`)
      const age = Number(/max-age=(\d+)/.exec(String(headers['cache-control']))?.[1] ?? 0)
      expect(age >= 30 * 86_400, `${asset}: ${headers['cache-control']}`)
    }
    return `${assets.length} files`
  })
}

/** Walks out, and tries the old cookie once more. */
export async function walkSignOut(client: Client, step: Steps): Promise<void> {
  const before = new Map(client.cookies)
  await step('GET /logout ends the session', async () => {
    const { status, headers } = await client.send('/logout')
    expect(status === 303 && headers.location === '/login', `${status} ${headers.location}`)
    return `${status} ${headers.location}`
  })
  await step('the old cookie is worth nothing', async () => {
    for (const [name, value] of before) client.cookies.set(name, value)
    const page = await client.send('/chat')
    const api = await client.send('/api/me')
    expect(page.status === 302 && api.status === 401, `${page.status}, ${api.status}`)
    return `/chat ${page.status} ${page.headers.location}, /api/me ${api.status}`
  })
}
