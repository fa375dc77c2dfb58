/** What a page is before it is written, and the document around it. */

import type { Lang } from '#contract/lang.ts'
import type * as shape from '../src/words/zh-cn.ts'
import { html, type Markup } from './markup.ts'

export type Words = typeof shape

/** What a template needs to know about the page it writes. */
export interface PageContext {
  readonly lang: Lang
  readonly words: Words
  /** Addresses below /assets/. */
  readonly style: string
  readonly icon: string
  /** Undefined for a page that needs no script. */
  readonly script: string | undefined
}

/** One page: its title and what stands in its body. */
export interface PageContent {
  readonly title: string
  readonly body: Markup
}

/** Background of the page in both schemes (styles/tokens.css), for the browser's own frame. */
const THEME = { light: '#f5f7f5', dark: '#111715' } as const

/** Returns the whole document as text. */
export function writeDocument(context: PageContext, content: PageContent): string {
  const { lang, words, style, icon, script } = context
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<title>${content.title} · ${words.common.product}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="${THEME.light}">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="${THEME.dark}">
<meta name="robots" content="noindex">
<link rel="icon" href="${icon}" type="image/svg+xml">
<link rel="stylesheet" href="${style}">
${script !== undefined && html`<script type="module" src="${script}"></script>`}
</head>
<body>
${content.body}
</body>
</html>
`.source
}
