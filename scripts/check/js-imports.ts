/** The bundles that an nginx configuration imports, and the handlers in them. */

import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Directive } from './nginx-parser.ts'
import type { Problem } from './problem.ts'
import { allNamed } from './walk.ts'

export interface Imports {
  readonly problems: readonly Problem[]
  /** Names under which something is imported, such as `gate`; false if it cannot be had. */
  readonly modules: ReadonlyMap<string, boolean>
  /** Handlers as the configuration names them, such as `gate.api`, with their function's own name. */
  readonly handlers: ReadonlyMap<string, string>
  /** Paths of the bundles. */
  readonly paths: readonly string[]
}

/**
 * Loads what a block of the configuration imports.
 * @param folder what paths that are not absolute are relative to
 */
export async function loadImports(context: Directive, folder: string): Promise<Imports> {
  const places = allNamed([context], 'js_path').map(({ args: [path = ''] }) =>
    isAbsolute(path) ? path : join(folder, path),
  )
  const problems: Problem[] = []
  const modules = new Map<string, boolean>()
  const handlers = new Map<string, string>()
  const paths: string[] = []
  for (const at of allNamed([context], 'js_import')) {
    const { name, file } = readImport(at)
    const result = await loadBundle([...places, folder], file)
    modules.set(name, !('complaint' in result))
    if ('complaint' in result) {
      problems.push({ file: at.file, line: at.line, message: result.complaint })
      continue
    }
    paths.push(result.path)
    for (const [key, own] of result.handlers) handlers.set(`${name}.${key}`, own)
  }
  return { problems, modules, handlers, paths }
}

/** `js_import gate from gate.js;` or `js_import gate.js;` */
function readImport({ args: [first = '', from, last = ''] }: Directive) {
  if (from === 'from') return { name: first, file: last }
  return { name: first.replace(/^.*\//, '').replace(/\.\w+$/, ''), file: first }
}

/** What a bundle finds of nginx while it is loaded: zones, of which Node has none. */
const NGX = { shared: {} }

async function loadBundle(places: readonly string[], file: string) {
  const path = places.map((place) => join(place, file)).find(existsSync)
  if (path === undefined) return { complaint: `there is no ${file} in ${places.join(' or ')}` }
  try {
    Object.assign(globalThis, { ngx: NGX })
    // The time in the address makes Node read the file again after a rebuild.
    const address = `${pathToFileURL(path)}?${Date.now()}`
    const module: { default?: Record<string, unknown> } = await import(address)
    const handlers = Object.entries(module.default ?? {}).flatMap(([key, value]) =>
      typeof value === 'function' ? [[key, value.name] as const] : [],
    )
    return { path, handlers }
  } catch (error) {
    return { complaint: `${file} cannot be loaded: ${String(error)}` }
  }
}
