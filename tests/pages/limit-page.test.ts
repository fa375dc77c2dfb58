/** What a person sees who is over a limit where no script of ours can tell them. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import * as english from '../../nginx/pages/src/words/en.ts'
import * as chinese from '../../nginx/pages/src/words/zh-cn.ts'
import { launchBrowser, openPage } from '../support/browser.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({ GATE_LIMIT_LOGIN: '"login";q=1;w=60' })

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser?.close())

/** Chromium says so for each answer of 429. */
const EXPECTED = /status of 429/

const LANGUAGES = [
  { locale: 'en', words: english },
  { locale: 'zh-CN', words: chinese },
] as const

/** Sends the form as a browser without script would. */
async function signInWithoutScript(page: Page): Promise<void> {
  await page.goto('/login')
  await page.locator('input[name=username]').fill('nobody')
  await page.locator('input[name=password]').fill('wrong')
  await page.locator('button[type=submit]').click()
  await page.waitForLoadState()
}

for (const { locale, words } of LANGUAGES) {
  stackTest(
    `${locale}: a sign-in too many shows a page that says when to try again`,
    async ({ plan }) => {
      const context = await browser.newContext({
        baseURL: plan.url,
        locale,
        ignoreHTTPSErrors: true,
        javaScriptEnabled: false,
      })
      const page = await context.newPage()
      for (let n = 0; n < 2; n++) await signInWithoutScript(page)
      assert.equal(await page.locator('html').getAttribute('lang'), locale)
      assert.equal(await page.locator('h1').textContent(), words.message.limitTitle)
      const wait = new RegExp(`^${words.message.wait.replace('{wait}', String.raw`\d+ (?:s|秒)`)}$`)
      const lines = await page.locator('main p').allTextContents()
      assert.ok(
        lines.some((line) => wait.test(line)),
        lines.join(' | '),
      )
      for (const line of await page.locator('main p').all()) assert.ok(await line.isVisible())

      // The page itself, by GET, is the form again.
      await page.getByRole('link', { name: words.message.again, exact: true }).click()
      assert.equal(new URL(page.url()).pathname, '/login')
      assert.ok(await page.locator('input[name=username]').isVisible())
      await context.close()
    },
  )
}

stackTest(
  'the page keeps to its policy: nothing for the console to complain about',
  async ({ plan }) => {
    const { page, finish } = await openPage(browser, plan.url, 'en', EXPECTED)
    for (let n = 0; n < 2; n++) {
      await page.goto('/login')
      await page.locator('input[name=username]').fill('nobody')
      await page.locator('input[name=password]').fill('wrong')
      // Past the script, which would send it otherwise.
      const submit = page.evaluate('document.querySelector("form").submit()')
      await Promise.all([page.waitForNavigation(), submit])
    }
    assert.equal(await page.locator('h1').textContent(), english.message.limitTitle)
    await finish()
  },
)
