/**
 * What `nginx -t` has against a configuration. nginx stops at the first mistake; where that one stands
 * by itself it is blanked out in a copy and nginx is asked again, so that all of them show at once.
 */

import { cp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { parseNginx } from './nginx-parser.ts'
import { NginxSyntaxError } from './nginx-tokens.ts'
import type { Problem } from './problem.ts'
import { walk } from './walk.ts'

/** Mistakes without which the rest of the configuration means what it meant before. */
const BY_ITSELF =
  /unknown directive|is not allowed here|invalid number of arguments|is duplicate|duplicate location|invalid (?:value|parameter)/

/** After so many mistakes it is time to correct some. */
const MOST = 25

/** `nginx: [emerg] … in /path/file.conf:12`, or without a place. */
const MESSAGE = /\[(?:emerg|alert|crit|error)\] (?:\d+#\d+: )?(.*?)(?: in (\/\S+):(\d+))?$/

export interface NginxMessage {
  readonly message: string
  /** Absolute. */
  readonly path: string | undefined
  readonly line: number | undefined
}

/** Tests the configuration of a folder and resolves with what nginx wrote, empty if it is content. */
export type RunNginxTest = (folder: string) => Promise<string>

/**
 * Returns nginx's complaints; without a place where nginx gives none.
 * @param show returns how the operator knows a file, given its path in the folder
 */
export async function testNginx(
  folder: string,
  run: RunNginxTest,
  show: (path: string) => string,
): Promise<readonly Problem[]> {
  const output = await run(folder)
  if (output === '') return []
  const copy = `${folder}.copy`
  await rm(copy, { recursive: true, force: true })
  await cp(folder, copy, { recursive: true, dereference: true })
  const problems: Problem[] = []
  try {
    let messages = readMessages(await run(copy))
    // Whatever else keeps nginx from starting.
    if (messages.length === 0) return [{ file: 'nginx/nginx.conf', message: output }]
    while (messages.length > 0 && problems.length < MOST) {
      problems.push(...messages.map((message) => toProblem(message, copy, show)))
      if (!(await blankOut(messages, copy))) break
      const next = readMessages(await run(copy))
      // What shows only because something was blanked out is no mistake of the operator's.
      messages = next.filter(({ message }) => BY_ITSELF.test(message))
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
  return problems
}

/** Returns what nginx complained about; warnings are left out. */
export function readMessages(output: string): readonly NginxMessage[] {
  return output.split('\n').flatMap((line) => {
    const [, message, path, number] = MESSAGE.exec(line) ?? []
    if (message === undefined) return []
    return [{ message, path, line: number === undefined ? undefined : Number(number) }]
  })
}

function toProblem(
  { message, path, line }: NginxMessage,
  folder: string,
  show: (path: string) => string,
): Problem {
  if (path === undefined || line === undefined) {
    return { file: 'nginx/nginx.conf', message: message.replaceAll(`${folder}/`, 'nginx/') }
  }
  const inside = relative(folder, path)
  return { file: inside.startsWith('..') ? path : show(inside), line, message }
}

/** Removes the one directive that a message is about; false if there is none such in the copy. */
async function blankOut([first]: readonly NginxMessage[], copy: string): Promise<boolean> {
  const { message, path, line } = first ?? { message: '' }
  if (path === undefined || !BY_ITSELF.test(message)) return false
  // A file that is included from elsewhere is the operator's own.
  if (relative(await realpath(copy), await realpath(path)).startsWith('..')) return false
  const source = await readFile(path, 'utf8')
  try {
    const there = [...walk(parseNginx(source, path))]
      .map(({ directive }) => directive)
      .filter(({ endLine }) => endLine === line)
    const meant = there.find(({ name }) => message.includes(`"${name}"`)) ?? there[0]
    if (meant === undefined) return false
    const blank = source.slice(meant.from, meant.to).replace(/[^\n]/g, ' ')
    await writeFile(path, source.slice(0, meant.from) + blank + source.slice(meant.to))
    return true
  } catch (error) {
    if (error instanceof NginxSyntaxError) return false
    throw error
  }
}
