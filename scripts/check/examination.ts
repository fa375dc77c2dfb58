/** Everything that npm run check looks at; what is wrong in one place does not hide another. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildFailure } from 'esbuild'
import { buildGate } from '../build/all.ts'
import { ensureCertificate } from '../stack/certificate.ts'
import { CHECKOUT } from '../stack/layout.ts'
import { checkNginx, type NginxReport, type NginxSources } from '../stack/nginx-configuration.ts'
import { makePlan, type Plan } from '../stack/plan.ts'
import type { Source } from '../stack/setting-source.ts'
import { StartFailure } from '../stack/start-failure.ts'
import { nginxParts, openRoot } from '../stack/start-stack.ts'
import { checkSettings, describe, settingNamesIn, withoutSettings } from './operator-settings.ts'
import { type Problem, sortProblems } from './problem.ts'
import { type Given, readGiven } from './setting-origin.ts'

export interface Examination {
  /** In the order of files and lines. */
  readonly problems: readonly Problem[]
  /** What was looked at; undefined if not even a default configuration could be made. */
  readonly nginx: NginxReport | undefined
}

/**
 * Looks at the settings and at nginx's configuration as a start would use them.
 * @param environment as the command got it, without .env
 * @param say is told of each long step
 */
export async function examine(
  environment: Source,
  say: (message: string) => void,
): Promise<Examination> {
  const given = readGiven(environment, readIfThere(join(CHECKOUT, '.env')))
  const settings = checkSettings(given, readIfThere(join(CHECKOUT, '.env.example')))
  const problems = [...settings.problems, ...(await buildProblems())]
  const nginx = await examineNginx(settings.rest, given, problems, say)
  return { problems: sortProblems([...problems, ...(nginx?.problems ?? [])]), nginx }
}

/** A value that nginx cannot be given is told, and the rest is looked at without it. */
async function examineNginx(
  source: Source,
  given: Given,
  problems: Problem[],
  say: (message: string) => void,
): Promise<NginxReport | undefined> {
  const plan = await makePlan(source)
  const root = await openRoot(plan, say)
  const parts = await partsOrDefaults(plan, problems)
  try {
    return await checkNginx(root, parts)
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error
    problems.push(describe(error.message, given))
    const rest = withoutSettings(source, settingNamesIn(error.message))
    const isSmaller = Object.keys(rest).length < Object.keys(source).length
    return isSmaller ? examineNginx(rest, given, problems, say) : undefined
  }
}

/** Without the operator's certificate a self-signed one shows whether the rest is in order. */
async function partsOrDefaults(plan: Plan, problems: Problem[]): Promise<NginxSources> {
  try {
    return await nginxParts(plan)
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error
    const [file = '', ...words] = error.message.replace(`${CHECKOUT}/`, '').split(' ')
    problems.push({ file, message: words.join(' ') })
    const { settings, layout, gate, worker } = plan
    const certificate = await ensureCertificate(layout.tls, layout.tls, settings.domains)
    return { settings, layout, gate, certificate, redisUrl: worker.redisUrl, limits: worker.limits }
  }
}

/** Builds what nginx loads. Where that fails the bundle of the last time is looked at. */
async function buildProblems(): Promise<readonly Problem[]> {
  try {
    await buildGate()
    return []
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>
    if (errors === undefined) throw error
    return errors.map(({ text, location }) =>
      location === null
        ? { file: 'njs/src', message: text }
        : { file: location.file, line: location.line, message: text },
    )
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new StartFailure(`${path} cannot be read.`, { cause: error })
  }
}
