/** Every page, by the name of its file. */

import { chatPage } from './chat.ts'
import { adminPage, dashboardPage } from './figures.ts'
import { loginPage } from './login.ts'
import { errorPage, forbiddenPage, limitPage, logoutPage } from './message.ts'
import type { PageContent, PageContext } from './page.ts'

export interface PageDefinition {
  readonly name: string
  readonly write: (context: PageContext) => PageContent
  /** Style sheet below styles/. */
  readonly style: string
  /** Entry below src/, or undefined for a page without script. */
  readonly script: string | undefined
  /** Most bytes that a first visit may load, brotli: HTML, style sheet and script. */
  readonly budget: number
}

const KB = 1024

export const PAGES: readonly PageDefinition[] = [
  { name: 'login', write: loginPage, style: 'login.css', script: 'login.ts', budget: 12 * KB },
  { name: 'chat', write: chatPage, style: 'chat.css', script: 'chat.tsx', budget: 50 * KB },
  {
    name: 'dashboard',
    write: dashboardPage,
    style: 'figures.css',
    script: 'dashboard.tsx',
    budget: 30 * KB,
  },
  { name: 'admin', write: adminPage, style: 'figures.css', script: 'admin.tsx', budget: 40 * KB },
  { name: 'error', write: errorPage, style: 'login.css', script: undefined, budget: 12 * KB },
  { name: 'limit', write: limitPage, style: 'login.css', script: undefined, budget: 12 * KB },
  {
    name: 'forbidden',
    write: forbiddenPage,
    style: 'login.css',
    script: undefined,
    budget: 12 * KB,
  },
  { name: 'logout', write: logoutPage, style: 'login.css', script: undefined, budget: 12 * KB },
]
