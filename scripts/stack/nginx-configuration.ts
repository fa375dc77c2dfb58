/** nginx's configuration of the local run: rendered, checked as a whole, and only then put in place. */

import { execFile } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkGateValues } from '../check/gate-values.ts'
import { checkWiring } from '../check/wiring.ts'
import { withFolderLock } from '../root/folder-lock.ts'
import type { PrivateRoot } from '../root/private-root.ts'
import { CHECKOUT, type Layout } from './layout.ts'
import { localNginxPlace } from './nginx-place.ts'
import { formatValues, type NginxParts, nginxValues } from './nginx-values.ts'
import { baseEnvironment } from './service.ts'
import { StartFailure } from './start-failure.ts'

const run = promisify(execFile)

/** What of nginx/ is used in place, so that an edit needs a reload only. */
const LINKED = ['nginx.conf', 'conf.d', 'servers', 'snippets']

/** What the configuration is rendered from, and where. */
export interface NginxSources extends NginxParts {
  readonly layout: Layout
}

/** Returns nginx with the arguments that every call needs and `more` after them. */
export function nginxCommand(
  root: PrivateRoot,
  layout: Layout,
  conf: string,
  more: readonly string[],
) {
  return root.command('usr/sbin/nginx', [
    ...['-p', layout.nginx],
    ...['-e', join(layout.logs, 'nginx.log')],
    ...['-c', join(conf, 'nginx.conf')],
    ...['-g', 'daemon off;'],
    ...more,
  ])
}

/**
 * Renders and checks the configuration and puts it in place; one that does not pass changes nothing.
 * Several callers wait for each other.
 * @throws {StartFailure} with every problem, naming files of the checkout
 */
export function renderNginx(root: PrivateRoot, parts: NginxSources): Promise<void> {
  const { nginx, nginxConf } = parts.layout
  return withFolderLock(join(nginx, 'render.lock'), quiet, async () => {
    const next = `${nginxConf}.next`
    await stage(root, parts, next)
    await rm(nginxConf, { recursive: true, force: true })
    await rename(next, nginxConf)
  })
}

/**
 * Checks the configuration without putting it in place.
 * @throws {StartFailure} as renderNginx
 */
export function checkNginx(root: PrivateRoot, parts: NginxSources): Promise<void> {
  const { nginx, nginxConf } = parts.layout
  return withFolderLock(join(nginx, 'render.lock'), quiet, async () => {
    const folder = `${nginxConf}.check`
    await stage(root, parts, folder)
    await rm(folder, { recursive: true, force: true })
  })
}

async function stage(root: PrivateRoot, parts: NginxSources, folder: string): Promise<void> {
  const { layout } = parts
  const values = join(layout.nginx, 'values.env')
  const lines = formatValues(nginxValues(parts, localNginxPlace(root, layout)))
  await writeFile(values, lines, { mode: 0o600 })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  for (const name of LINKED) await symlink(join(CHECKOUT, 'nginx', name), join(folder, name))
  const templates = join(CHECKOUT, 'nginx/templates')
  const render = join(CHECKOUT, 'nginx/render.sh')
  const unrendered = await problemsOf(render, [values, templates, join(folder, 'rendered')])
  const { file, args } = nginxCommand(root, layout, folder, ['-t', '-q'])
  const problems =
    unrendered.length > 0
      ? unrendered
      : [
          ...(await problemsOf(file, args)),
          ...(await checkWiring()),
          ...(await checkGateValues(folder)),
        ]
  if (problems.length === 0) return
  // A rendered file has the lines of its template, so its place is told as the template's.
  const told = problems.join('\n').replaceAll(`${folder}/rendered/`, 'nginx/templates/')
  throw new StartFailure(
    `nginx's configuration is not in order:\n${told.replaceAll(`${folder}/`, 'nginx/')}`,
  )
}

/** Returns what the program complained about, or nothing if it ended well. */
async function problemsOf(file: string, args: readonly string[]): Promise<readonly string[]> {
  try {
    await run(file, [...args], { env: baseEnvironment() })
    return []
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    return [stderr.trim() || String(error)]
  }
}

function quiet(): void {}
