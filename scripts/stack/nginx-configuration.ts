/** nginx's configuration of the local run: rendered, checked as a whole, and only then put in place. */

import { execFile } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ConfigurationReport, checkConfiguration } from '../check/configuration.ts'
import { formatProblem } from '../check/problem.ts'
import { renderTemplates } from '../check/template-values.ts'
import { checkVersions, readVersions, type Versions } from '../check/versions.ts'
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

/** What was found in a configuration, and with what it will run. */
export interface NginxReport extends ConfigurationReport {
  readonly versions: Versions
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
    const { problems } = await stage(root, parts, next)
    if (problems.length > 0) {
      const told = problems.map(formatProblem).join('\n')
      throw new StartFailure(`nginx's configuration is not in order:\n${told}`)
    }
    await rm(nginxConf, { recursive: true, force: true })
    await rename(next, nginxConf)
  })
}

/** Checks the configuration without putting it in place. */
export function checkNginx(root: PrivateRoot, parts: NginxSources): Promise<NginxReport> {
  const { nginx, nginxConf } = parts.layout
  return withFolderLock(join(nginx, 'render.lock'), quiet, async () => {
    const folder = `${nginxConf}.check`
    const report = await stage(root, parts, folder)
    await rm(folder, { recursive: true, force: true })
    return report
  })
}

/** Makes the whole configuration in a folder and looks at it. */
async function stage(root: PrivateRoot, parts: NginxSources, folder: string): Promise<NginxReport> {
  const { layout } = parts
  const values = join(layout.nginx, 'values.env')
  const lines = formatValues(nginxValues(parts, localNginxPlace(root, layout)))
  await writeFile(values, lines, { mode: 0o600 })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  for (const name of LINKED) await symlink(join(CHECKOUT, 'nginx', name), join(folder, name))
  const missing = await renderTemplates({
    script: join(CHECKOUT, 'nginx/render.sh'),
    values,
    templates: join(CHECKOUT, 'nginx/templates'),
    target: join(folder, 'rendered'),
    env: baseEnvironment(),
  })
  const versions = await readVersions(root)
  const test = (conf: string) => testOutput(root, layout, conf)
  const report = await checkConfiguration(
    folder,
    test,
    [...missing, ...checkVersions(versions)],
    parts.limits.bodyBytes,
  )
  return { ...report, versions }
}

/** Returns what `nginx -t` says, or nothing if the configuration passes. */
async function testOutput(root: PrivateRoot, layout: Layout, conf: string): Promise<string> {
  const { file, args } = nginxCommand(root, layout, conf, ['-t', '-q'])
  try {
    await run(file, [...args], { env: baseEnvironment() })
    return ''
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    return stderr.trim() || String(error)
  }
}

function quiet(): void {}
