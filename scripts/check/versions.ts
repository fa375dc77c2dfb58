/** Whether nginx and its script modules are new enough for what the gate relies on. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { PrivateRoot } from '../root/private-root.ts'
import type { Problem } from './problem.ts'

const run = promisify(execFile)

/** The oldest that the gate was proved with; nginx/entrypoint.sh names the same two. */
export const OLDEST = { nginx: '1.30.6', njs: '1.0.1' } as const

/** Packages of the script modules; their version is that of njs. */
const NJS_PACKAGES = ['libnginx-mod-http-js', 'libnginx-mod-stream-js']

export interface Versions {
  readonly nginx: string
  readonly njs: string
}

/** Returns the versions that will run: nginx' as it says itself, njs' as its packages say. */
export async function readVersions(root: PrivateRoot): Promise<Versions> {
  const { file, args } = root.command('usr/sbin/nginx', ['-v'])
  const { stderr } = await run(file, [...args])
  const modules = NJS_PACKAGES.map((name) => root.versions[name] ?? 'missing')
  return {
    nginx: /nginx\/([\d.]+)/.exec(stderr)?.[1] ?? stderr.trim(),
    // The older of the two decides.
    njs: modules.map(upstreamVersion).sort(compareVersions)[0] ?? 'missing',
  }
}

/** Returns what is too old. */
export function checkVersions(versions: Versions): readonly Problem[] {
  return (['nginx', 'njs'] as const)
    .filter((name) => compareVersions(versions[name], OLDEST[name]) < 0)
    .map((name) => ({
      file: name,
      message: `version ${versions[name]} is too old; the gate needs ${OLDEST[name]} or newer (CHATGATE_SUITE)`,
    }))
}

/** Negative if `a` is older. What is no version is older than any. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function numbers(version: string): readonly number[] {
  return /^\d+(\.\d+)*$/.test(version) ? version.split('.').map(Number) : [-1]
}

/** `1:1.0.2-2` → `1.0.2`: without Debian's epoch and revision. */
function upstreamVersion(version: string): string {
  return version.replace(/^\d+:/, '').replace(/[-+~].*$/, '')
}
