/** Filling in nginx/templates, also where values are missing: then all of them are told at once. */

import { execFile } from 'node:child_process'
import { appendFile, copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Problem } from './problem.ts'

const run = promisify(execFile)

/** What nginx/render.sh says of a name without a value. */
const MISSING = /^templates\/\S+:\d+: \$\{(\w+)\} has no value$/

export interface Rendering {
  /** nginx/render.sh. */
  readonly script: string
  /** File with a line NAME=value for each value. */
  readonly values: string
  readonly templates: string
  readonly target: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Fills in the templates; what has no value becomes empty, so that the rest can be checked too.
 * @returns every place of a name without a value
 */
export async function renderTemplates(rendering: Rendering): Promise<readonly Problem[]> {
  const values = `${rendering.values}.check`
  const missing: string[] = []
  await copyFile(rendering.values, values)
  try {
    for (;;) {
      const output = await complaintOf(rendering, values)
      if (output === undefined) return await placesOf(missing, rendering.templates)
      // The script stops at the first template with a missing name.
      const names = output.split('\n').flatMap((line) => MISSING.exec(line)?.[1] ?? [])
      if (names.length === 0) return [{ file: 'nginx/templates', message: output }]
      missing.push(...names)
      await appendFile(values, names.map((name) => `${name}=\n`).join(''))
    }
  } finally {
    await rm(values, { force: true })
  }
}

async function placesOf(names: readonly string[], templates: string): Promise<readonly Problem[]> {
  if (names.length === 0) return []
  const problems: Problem[] = []
  for (const file of await readdir(templates)) {
    const lines = (await readFile(join(templates, file), 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      const here = names.filter((name) => line.includes(`\${${name}}`))
      for (const name of here) {
        const message = `\${${name}} has no value`
        problems.push({ file: `nginx/templates/${file}`, line: index + 1, message })
      }
    }
  }
  return problems
}

async function complaintOf(
  { script, templates, target, env }: Rendering,
  values: string,
): Promise<string | undefined> {
  try {
    await run(script, [values, templates, target], { env })
    return undefined
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    return stderr.trim() || String(error)
  }
}
