/** Builds the pages: nginx/pages/ (sources) → nginx/html/ (what nginx serves, with .gz beside it). */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lang } from '#contract/lang.ts'
import * as en from '../../nginx/pages/src/words/en.ts'
import * as zhCN from '../../nginx/pages/src/words/zh-cn.ts'
import { type Words, writeDocument } from '../../nginx/pages/templates/page.ts'
import { PAGES, type PageDefinition } from '../../nginx/pages/templates/pages.ts'
import { CHECKOUT } from '../stack/layout.ts'
import { checkBudget } from './page-budget.ts'
import {
  type Asset,
  type Bundle,
  bundleScripts,
  bundleStyles,
  nameByContent,
} from './page-bundle.ts'
import { pruneAssets, writeCompressed } from './page-files.ts'

const SOURCES = join(CHECKOUT, 'nginx/pages')
const HTML = join(CHECKOUT, 'nginx/html')
const ASSETS = join(HTML, 'assets')

const WORDS: Readonly<Record<Lang, Words>> = { 'zh-CN': zhCN, en }

/**
 * Builds every page in both languages. Assets are written before the pages that name them, so a
 * running nginx never serves a page whose script is not there yet.
 * @throws if the sources do not compile, or if a page loads more than its budget
 */
export async function buildPages(): Promise<void> {
  const icon = nameByContent('favicon.svg', await readFile(join(SOURCES, 'favicon.svg')))
  const styles = await bundleStyles(SOURCES, PAGES)
  const chinese = await bundleScripts(SOURCES, PAGES, 'zh-CN')
  const english = await bundleScripts(SOURCES, PAGES, 'en')
  const documents = PAGES.flatMap((page) => [
    writePage(page, 'zh-CN', { icon, styles, scripts: chinese }),
    writePage(page, 'en', { icon, styles, scripts: english }),
  ])
  const assets = [icon, ...[styles, chinese, english].flatMap((bundle) => [...bundle.values()])]
  for (const { name, contents } of assets) await writeCompressed(join(ASSETS, name), contents)
  for (const { name, contents } of documents) await writeCompressed(join(HTML, name), contents)
  await pruneAssets(ASSETS, new Set(assets.map(({ name }) => name)))
}

interface Parts {
  readonly icon: Asset
  readonly styles: Bundle
  readonly scripts: Bundle
}

/** Returns a page's file below nginx/html/. @throws if it is over its budget */
function writePage(page: PageDefinition, lang: Lang, { icon, styles, scripts }: Parts): Asset {
  const style = styles.get(page.style)
  if (style === undefined) throw new Error(`No style sheet was built for ${page.style}`)
  const script = page.script === undefined ? undefined : scripts.get(page.script)
  const context = {
    lang,
    words: WORDS[lang],
    icon: addressOf(icon),
    style: addressOf(style),
    script: script && addressOf(script),
  }
  const contents = Buffer.from(writeDocument(context, page.write(context)))
  const firstLoad = [contents, style.contents, ...(script === undefined ? [] : [script.contents])]
  checkBudget(`${lang}/${page.name}`, firstLoad, page.budget)
  return { name: `${lang}/${page.name}.html`, contents }
}

function addressOf({ name }: Asset): string {
  return `/assets/${name}`
}
