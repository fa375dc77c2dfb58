/** A page in Debian's Chromium that fails the test on anything a careful reader of the console would. */

import assert from 'node:assert/strict'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type Browser as BrowserFiles, ensureBrowser } from '../../scripts/root/browser.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'

/** Set by npm test, which has made sure that the browser is there. */
const READY = 'CHATGATE_TEST_BROWSER'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the browser. */
export async function launchBrowser(): Promise<Browser> {
  const ready = process.env[READY]
  const { executablePath, env }: BrowserFiles =
    ready === undefined
      ? await ensureBrowser(commandSettings().cache, () => undefined)
      : JSON.parse(ready)
  const environment = { ...process.env, ...env } as Record<string, string>
  return chromium.launch({ executablePath, env: environment, args: ARGUMENTS })
}

export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Asserts that nothing was complained about, and closes the page. */
  finish(): Promise<void>
}

/**
 * Opens a page in a profile of its own. Errors of scripts, messages of the console at error level and
 * requests to other hosts are collected; violations of the content security policy show up as such.
 * @param expected console messages that the test provokes, such as a refused request
 */
export async function openPage(
  browser: Browser,
  baseURL: string,
  locale: string,
  expected: RegExp = /(?!)/,
): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL, locale, ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) {
      complaints.push(`console: ${message.text()}`)
    }
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL) && !request.url().startsWith('data:')) {
      complaints.push(`foreign request: ${request.url()}`)
    }
  })
  return {
    page,
    context,
    async finish() {
      await context.close()
      assert.deepEqual(complaints, [])
    },
  }
}
