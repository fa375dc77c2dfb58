/**
 * Whether every handler that nginx.conf names exists. `nginx -t` does not look: a missing one shows
 * only when a request comes, and a bundle without a default export breaks every location at once.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { njsOutdir } from '../../njs/build.mjs'
import { CHECKOUT } from '../stack/layout.ts'

const FOLDERS = ['', 'conf.d', 'servers', 'snippets', 'templates']

/** Returns one line per handler that is named but does not exist: file, line and name. */
export async function checkWiring(): Promise<readonly string[]> {
  const handlers = await Promise.all(['gate', 'bridge'].map(loadHandlers))
  const known = new Set(handlers.flat())
  const files = (await Promise.all(FOLDERS.map(confFiles))).flat()
  const problems = await Promise.all(files.map((file) => checkFile(file, known)))
  return problems.flat()
}

async function loadHandlers(bundle: string): Promise<readonly string[]> {
  // The time in the address makes Node read the file again after a rebuild.
  const url = `${pathToFileURL(join(njsOutdir, `${bundle}.js`))}?${Date.now()}`
  const module: { default?: Record<string, unknown> } = await import(url)
  return Object.entries(module.default ?? {})
    .filter(([, handler]) => typeof handler === 'function')
    .map(([name]) => `${bundle}.${name}`)
}

async function confFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(CHECKOUT, 'nginx', folder))
  return names.filter((name) => name.endsWith('.conf')).map((name) => join('nginx', folder, name))
}

async function checkFile(file: string, known: ReadonlySet<string>): Promise<readonly string[]> {
  const lines = (await readFile(join(CHECKOUT, file), 'utf8')).split('\n')
  return lines.flatMap((line, index) => {
    const name = /^\s*js_(?!import\b|engine\b|path\b|var\b|shared)\w+\s+(?:\$\w+\s+)?([\w.]+)/.exec(
      line,
    )?.[1]
    if (name === undefined || known.has(name)) return []
    return [`${file}:${index + 1}: there is no handler ${name}`]
  })
}
