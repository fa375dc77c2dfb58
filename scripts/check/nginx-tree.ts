/** A whole configuration: every file that nginx.conf leads to, with `include` resolved in place. */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { type Directive, parseNginx } from './nginx-parser.ts'
import { NginxSyntaxError } from './nginx-tokens.ts'
import type { Problem } from './problem.ts'

export interface NginxTree {
  readonly directives: readonly Directive[]
  /** What cannot be read; nginx would stop at the first of them. */
  readonly problems: readonly Problem[]
}

/**
 * Returns the configuration of a folder, as far as it can be read.
 * @param folder what `include` is relative to; nginx.conf stands in it
 * @param show returns how the operator knows a file, given its path in the folder
 */
export function readNginxTree(folder: string, show: (path: string) => string): NginxTree {
  const problems: Problem[] = []

  function readFile(path: string, above: readonly string[]): readonly Directive[] {
    const file = isAbsolute(path) ? path : show(path)
    try {
      const source = readFileSync(isAbsolute(path) ? path : join(folder, path), 'utf8')
      return resolve(parseNginx(source, file), [...above, path])
    } catch (error) {
      if (!(error instanceof NginxSyntaxError)) throw error
      problems.push({ file, line: error.line, message: error.message })
      return []
    }
  }

  function resolve(
    directives: readonly Directive[],
    above: readonly string[],
  ): readonly Directive[] {
    return directives.flatMap((directive) => {
      if (directive.block !== undefined) {
        return [{ ...directive, block: resolve(directive.block, above) }]
      }
      return directive.name === 'include' ? include(directive, above) : [directive]
    })
  }

  function include({ args, file, line }: Directive, above: readonly string[]) {
    const [pattern = ''] = args
    const complain = (message: string) => {
      problems.push({ file, line, message })
      return []
    }
    if (above.includes(pattern)) return complain(`${pattern} includes itself`)
    const paths = filesOf(folder, pattern)
    if (paths === undefined) return complain(`there is no file ${pattern} to include`)
    return paths.flatMap((path) => readFile(path, above))
  }

  return { directives: readFile('nginx.conf', []), problems }
}

/** A pattern may match nothing; a plain name must be there. */
function filesOf(folder: string, pattern: string): readonly string[] | undefined {
  const place = isAbsolute(pattern) ? dirname(pattern) : join(folder, dirname(pattern))
  const names = namesIn(place).filter((name) =>
    matches(name, pattern.slice(pattern.lastIndexOf('/') + 1)),
  )
  if (names.length === 0 && !/[*?[]/.test(pattern)) return undefined
  const paths = names.sort().map((name) => join(place, name))
  return isAbsolute(pattern) ? paths : paths.map((path) => relative(folder, path))
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place)
  } catch {
    return []
  }
}

/** As a shell would: `*` and `?` do not stand for a leading dot. */
function matches(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^$(){}|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`).test(name) && (!name.startsWith('.') || pattern.startsWith('.'))
}
