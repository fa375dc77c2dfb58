import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { Me } from '#contract/api.ts'
import * as english from '../../nginx/pages/src/words/en.ts'
import * as chinese from '../../nginx/pages/src/words/zh-cn.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type Account, makeAccount, signedIn } from '../support/accounts.ts'
import { launchBrowser, openPage } from '../support/browser.ts'
import { awaitRows, sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

/** Longer than any answer of these tests takes, ms. */
const ANSWER_MS = 20_000

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser?.close())

const LANGUAGES = [
  { locale: 'en-GB', lang: 'en', words: english },
  { locale: 'zh-CN', lang: 'zh-CN', words: chinese },
] as const

for (const { locale, lang, words } of LANGUAGES) {
  stackTest(`a person signs in, chats, sees the tokens and leaves (${lang})`, async ({ plan }) => {
    const account = await makeAccount(plan, 'admin')
    const watched = await openPage(browser, plan.url, locale)
    const { page } = watched

    await page.goto('/')
    await page.waitForURL('**/login?next=%2Fchat')
    assert.equal(await page.locator('html').getAttribute('lang'), lang)
    await page.getByLabel(words.login.username).fill(account.username)
    await page.getByLabel(words.login.password, { exact: true }).fill(account.password)
    await page.getByRole('button', { name: words.login.submit, exact: true }).click()
    await page.waitForURL('**/chat')

    await page.getByText(words.notices.standin_upstream).waitFor()
    const lengths = await sendAndWatch(page, words, 'Count for me.\nstandin: tokens=40 delay=20')
    assert.ok(lengths.size >= 10, `the answer was drawn in ${lengths.size} steps`)

    const [row] = await awaitRows(
      plan,
      "SELECT request_id, completion_tokens FROM token_usage WHERE user_id = ? AND state = 'settled'",
      [account.id],
    )
    assert.equal(String(row?.['completion_tokens']), '40')

    await page.getByRole('link', { name: words.common.dashboard }).click()
    await page.waitForURL('**/dashboard')
    const today = page
      .getByRole('region', { name: words.usage.today })
      .or(page.getByRole('article').filter({ hasText: words.usage.today }))
    await today.first().waitFor()
    await page.getByText(String(row?.['request_id']).slice(0, 8)).first().waitFor()

    await page.getByRole('link', { name: words.common.admin, exact: true }).click()
    await page.waitForURL('**/admin')
    await page.getByText(account.username).first().waitFor()

    await page.getByRole('link', { name: words.common.logOut }).click()
    await page.waitForURL('**/login')
    await page.goto('/chat')
    await page.waitForURL('**/login?next=%2Fchat')
    await watched.finish()
  })
}

stackTest('an administrator stores an API key and reads the access log', async ({ plan }) => {
  const account = await makeAccount(plan, 'admin')
  const watched = await openPage(browser, plan.url, 'en')
  const { page } = watched
  await signIn(page, account)
  await page.goto('/admin')
  await page.getByLabel(english.admin.apiKey, { exact: true }).fill('sk-page-test-000000000000cafe')
  await page.getByLabel(english.admin.alias, { exact: true }).fill('page-test')
  await page.getByText(english.admin.advanced).click()
  await page.getByLabel(english.admin.baseUrl).fill('http://127.0.0.1:9')
  await page.getByRole('button', { name: english.admin.saveKey }).click()
  await page.getByText('Saved: page-test, ending in cafe').waitFor()
  const rows = await sqlRows(plan, "SELECT * FROM api_keys WHERE alias = 'page-test'")
  assert.doesNotMatch(JSON.stringify(rows), /sk-page-test/)

  // The row reaches MySQL by way of Redis; the page shows what is there when it asks.
  await awaitRows(plan, "SELECT 1 FROM proxy_logs WHERE path = '/admin/api_key' AND user_id = ?", [
    account.id,
  ])
  await page.getByLabel(english.admin.logPath).fill('/admin/api_key')
  await page.getByRole('button', { name: english.admin.apply }).click()
  await page
    .getByRole('cell', { name: /POST .*\/admin\/api_key/ })
    .first()
    .waitFor()
  await watched.finish()

  // Workers keep the keys they know for 2 s; the tests that follow need the stand-in back.
  await sqlRun(plan, "DELETE FROM api_keys WHERE alias = 'page-test'")
  const { client } = await signedIn(plan)
  await waitFor(async () => {
    assert.deepEqual((await client.send('/api/me')).json<Me>().notices, ['standin_upstream'])
  }, 10_000)
  client.close()
})

stackTest('the sixth message in a minute is kept and can be sent later', async ({ plan }) => {
  const account = await makeAccount(plan)
  const watched = await openPage(browser, plan.url, 'en', /status of 429/)
  const { page } = watched
  await signIn(page, account)
  for (let sent = 1; sent <= 5; sent++) {
    await sendAndWatch(page, english, `Message ${sent}\nstandin: tokens=2 delay=0`)
  }
  const message = page.getByLabel(english.chat.message, { exact: true })
  await message.fill('one too many')
  await page.getByRole('button', { name: english.chat.send, exact: true }).click()
  await page.getByText(/You can send again in \d+ s/).waitFor()
  assert.equal(await message.inputValue(), 'one too many')
  await watched.finish()
})

stackTest(
  'without JavaScript a person can sign in, and is told when it failed',
  async ({ plan }) => {
    const account = await makeAccount(plan)
    const context = await browser.newContext({
      baseURL: plan.url,
      locale: 'en',
      ignoreHTTPSErrors: true,
      javaScriptEnabled: false,
    })
    const page = await context.newPage()
    await page.goto('/login')
    await page.getByLabel(english.login.username).fill(account.username)
    await page.getByLabel(english.login.password, { exact: true }).fill('wrong')
    await page.getByRole('button', { name: english.login.submit, exact: true }).click()
    await page.waitForURL('**/login#failed')
    assert.ok(await page.getByText(english.login.failed).isVisible())
    await page.getByLabel(english.login.username).fill(account.username)
    await page.getByLabel(english.login.password, { exact: true }).fill(account.password)
    await page.getByRole('button', { name: english.login.submit, exact: true }).click()
    await page.waitForURL('**/chat')
    await context.close()
  },
)

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with' : 'without'
  stackTest(`${how} script, who was given a password is told to change it`, async ({ plan }) => {
    const account = await makeAccount(plan)
    await sqlRun(plan, 'UPDATE users SET must_change = 1 WHERE id = ?', [account.id])
    const context = await browser.newContext({
      ...{ baseURL: plan.url, locale: 'en', ignoreHTTPSErrors: true, javaScriptEnabled },
    })
    const page = await context.newPage()
    await submitLogin(page, account)
    const told = page.getByText(english.login.mustChange).filter({ visible: true })
    await told.waitFor()
    assert.equal(await told.count(), 1)
    assert.equal(new URL(page.url()).pathname, '/login')
    await context.close()
  })
}

stackTest('whoever is no administrator gets a page that says so', async ({ plan }) => {
  const account = await makeAccount(plan)
  const watched = await openPage(browser, plan.url, 'en', /status of 403/)
  await signIn(watched.page, account)
  const response = await watched.page.goto('/admin')
  assert.equal(response?.status(), 403)
  await watched.page.getByText(english.message.forbiddenDetail).waitFor()
  await watched.finish()
})

async function signIn(page: Page, account: Pick<Account, 'username' | 'password'>): Promise<void> {
  await submitLogin(page, account)
  await page.waitForURL('**/chat')
}

async function submitLogin(page: Page, account: Pick<Account, 'username' | 'password'>) {
  await page.goto('/login')
  await page.getByLabel(english.login.username).fill(account.username)
  await page.getByLabel(english.login.password, { exact: true }).fill(account.password)
  await page.getByRole('button', { name: english.login.submit, exact: true }).click()
}

/** Sends a message, and returns every length that the answer had on the screen. */
async function sendAndWatch(
  page: Page,
  words: typeof english | typeof chinese,
  message: string,
): Promise<ReadonlySet<number>> {
  const before = await page.getByRole('article').count()
  await page.getByLabel(words.chat.message, { exact: true }).fill(message)
  await page.getByRole('button', { name: words.chat.send, exact: true }).click()
  const answer = page.getByRole('article').nth(before + 1)
  await answer.waitFor()
  const lengths = new Set<number>()
  const deadline = Date.now() + ANSWER_MS
  const isDone = page.getByRole('status').filter({ hasText: words.chat.statusDone })
  while (!(await isDone.isVisible().catch(() => false)) && !(await hasUsage(answer, words))) {
    if (Date.now() > deadline)
      throw new Error(`no end of the answer: ${await answer.textContent()}`)
    lengths.add((await answer.textContent())?.length ?? 0)
  }
  return lengths
}

async function hasUsage(
  answer: ReturnType<Page['locator']>,
  words: typeof english | typeof chinese,
) {
  const label = words.chat.output.replace('{tokens}', '')
  return (await answer.textContent())?.includes(label.trim()) === true
}
