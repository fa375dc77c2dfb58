/** Bundles the pages' style sheets and scripts; files are named by their contents. */

import { createHash } from 'node:crypto'
import { basename, extname, join, resolve } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import type { Lang } from '#contract/lang.ts'
import type { PageDefinition } from '../../nginx/pages/templates/pages.ts'

/** A file to be served, not yet written. */
export interface Asset {
  /** Path below the folder that it will be written to. */
  readonly name: string
  readonly contents: Uint8Array
}

/** What was built, by the name of its entry in the page's definition. */
export type Bundle = ReadonlyMap<string, Asset>

/** Returns the pages' style sheets. @throws if one does not compile */
export function bundleStyles(sources: string, pages: readonly PageDefinition[]): Promise<Bundle> {
  return bundle(join(sources, 'styles'), new Set(pages.map(({ style }) => style)), {})
}

/** Returns the pages' scripts in one language. @throws if one does not compile */
export function bundleScripts(
  sources: string,
  pages: readonly PageDefinition[],
  lang: Lang,
): Promise<Bundle> {
  const folder = join(sources, 'src')
  const scripts = pages.flatMap(({ script }) => (script === undefined ? [] : [script]))
  return bundle(folder, new Set(scripts), {
    format: 'esm',
    target: 'es2022',
    plugins: [speak(lang, join(folder, 'words'))],
  })
}

/** Returns an asset whose name holds a hash of its contents, so that it can be cached for ever. */
export function nameByContent(name: string, contents: Uint8Array): Asset {
  const extension = extname(name)
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10)
  return { name: `${basename(name, extension)}-${hash}${extension}`, contents }
}

async function bundle(
  folder: string,
  entries: ReadonlySet<string>,
  options: BuildOptions,
): Promise<Bundle> {
  const built = await Promise.all(
    [...entries].map(async (entry): Promise<[string, Asset]> => {
      const { outputFiles } = await build({
        ...options,
        entryPoints: [join(folder, entry)],
        bundle: true,
        minify: true,
        charset: 'utf8',
        legalComments: 'none',
        logLevel: 'warning',
        write: false,
      })
      const [output] = outputFiles
      if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`)
      const name = `${basename(entry, extname(entry))}${extname(entry) === '.css' ? '.css' : '.js'}`
      return [entry, nameByContent(name, output.contents)]
    }),
  )
  return new Map(built)
}

/** Puts the words of a language in place of those that the sources name (words/current.ts). */
function speak(lang: Lang, words: string): Plugin {
  const spoken = resolve(words, lang === 'en' ? 'en.ts' : 'zh-cn.ts')
  return {
    name: 'speak',
    setup({ onResolve }) {
      onResolve({ filter: /\/words\/current\.ts$/ }, () => ({ path: spoken, sideEffects: false }))
    },
  }
}
