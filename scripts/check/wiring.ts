/**
 * Whether every handler that nginx.conf names exists. `nginx -t` does not look: a missing one shows
 * only when a request comes, and a bundle without a default export breaks every location at once.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CHECKOUT } from '../stack/layout.ts'

const FOLDERS = ['', 'conf.d', 'servers', 'snippets', 'templates']

/** The directives that name a handler, with `js_set`'s variable before it. */
const HANDLER =
  /(?:^|[{;])\s*js_(?:access|body_filter|content|filter|header_filter|periodic|preread|set)\s+(?:\$\w+\s+)?([\w.]+)/g

/**
 * Returns one line per handler that is named but does not exist: file, line and name.
 * @param checkout where nginx/ and the bundles of njs/dist are
 */
export async function checkWiring(checkout = CHECKOUT): Promise<readonly string[]> {
  const handlers = await Promise.all(
    ['gate', 'bridge'].map((bundle) => loadHandlers(checkout, bundle)),
  )
  const known = new Set(handlers.flat())
  const files = await Promise.all(FOLDERS.map((folder) => confFiles(checkout, folder)))
  const problems = await Promise.all(files.flat().map((file) => checkFile(checkout, file, known)))
  return problems.flat()
}

async function loadHandlers(checkout: string, bundle: string): Promise<readonly string[]> {
  // The time in the address makes Node read the file again after a rebuild.
  const url = `${pathToFileURL(join(checkout, 'njs/dist', `${bundle}.js`))}?${Date.now()}`
  const module: { default?: Record<string, unknown> } = await import(url)
  return Object.entries(module.default ?? {})
    .filter(([, handler]) => typeof handler === 'function')
    .map(([name]) => `${bundle}.${name}`)
}

async function confFiles(checkout: string, folder: string): Promise<readonly string[]> {
  const names = await readdir(join(checkout, 'nginx', folder))
  return names.filter((name) => name.endsWith('.conf')).map((name) => join('nginx', folder, name))
}

async function checkFile(
  checkout: string,
  file: string,
  known: ReadonlySet<string>,
): Promise<readonly string[]> {
  const lines = (await readFile(join(checkout, file), 'utf8')).split('\n')
  return lines.flatMap((line, index) => {
    const names = [...line.replace(/#.*/, '').matchAll(HANDLER)].map(([, name = '']) => name)
    return names
      .filter((name) => !known.has(name))
      .map((name) => `${file}:${index + 1}: there is no handler ${name}`)
  })
}
