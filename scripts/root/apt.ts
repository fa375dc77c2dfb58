/**
 * apt with a configuration of its own: other lists, other state, an empty status file. It sees no
 * package of the system, changes nothing there and needs no rights; signatures stay checked.
 */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StartFailure } from '../stack/start-failure.ts'

const run = promisify(execFile)
const OUTPUT_BYTES = 64 * 1024 * 1024
const KEYRINGS: readonly string[] = [
  '/usr/share/keyrings/debian-archive-keyring.pgp',
  '/usr/share/keyrings/debian-archive-keyring.gpg',
]
const COMPOSE_HINT = 'Use Docker Compose instead: docker compose up -d (see README.md).'

export interface Apt {
  /**
   * Reads the package lists of the suite.
   * @throws {StartFailure} if the mirror cannot be reached or a signature is wrong
   */
  update(): Promise<void>
  /** Downloads the packages and all they depend on; returns the folder that holds the .deb files. */
  download(packages: readonly string[]): Promise<string>
}

/**
 * Returns an apt that works in `folder`.
 * @param warn is told when the suite's lists are past their date and used all the same
 * @throws {StartFailure} on systems without apt or without a Debian mirror
 */
export async function createApt(
  folder: string,
  suite: string,
  warn: (message: string) => void,
): Promise<Apt> {
  const config = await writeConfiguration(folder, suite)
  const apt = (args: readonly string[]) =>
    run('apt-get', args, {
      env: { ...process.env, APT_CONFIG: config, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: OUTPUT_BYTES,
    })

  return {
    async update() {
      const args = ['--error-on=any', 'update']
      try {
        await apt(args)
      } catch (error) {
        if (!isPastItsDate(error)) throw failure('reading the package lists', error)
        warn(`the lists of ${suite} are past their Valid-Until date; using them all the same`)
        try {
          await apt(['-o', 'Acquire::Check-Valid-Until=false', ...args])
        } catch (second) {
          throw failure('reading the package lists', second)
        }
      }
    },
    async download(packages) {
      try {
        await apt(['install', '--yes', '--download-only', '--no-install-recommends', ...packages])
      } catch (error) {
        throw failure('downloading packages', error)
      }
      return join(folder, 'cache', 'archives')
    },
  }
}

async function writeConfiguration(folder: string, suite: string): Promise<string> {
  const keyring = KEYRINGS.find((path) => existsSync(path))
  if (keyring === undefined) {
    throw new StartFailure(
      `This system is not Debian, so there is no archive to use. ${COMPOSE_HINT}`,
    )
  }
  const mirror = await findMirror()
  const acquire = await acquireSettings()
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true })
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true })
  await writeFile(join(folder, 'status'), '')
  await writeFile(
    join(folder, 'sources.list'),
    `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`,
  )
  const path = join(folder, 'apt.conf')
  await writeFile(
    path,
    [
      ...acquire,
      `Dir::State "${folder}";`,
      `Dir::State::lists "${join(folder, 'lists')}";`,
      `Dir::State::status "${join(folder, 'status')}";`,
      `Dir::Cache "${join(folder, 'cache')}";`,
      `Dir::Log "${folder}";`,
      `Dir::Etc::SourceList "${join(folder, 'sources.list')}";`,
      'Dir::Etc::SourceParts "/dev/null";',
      // The machine's own hooks, pins and clean-ups are meant for the machine.
      'Dir::Etc::Parts "/dev/null";',
      'Dir::Etc::Main "/dev/null";',
      'Dir::Etc::Preferences "/dev/null";',
      'Dir::Etc::PreferencesParts "/dev/null";',
      'APT::Sandbox::User "";',
      'APT::Install-Recommends "false";',
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      '',
    ].join('\n'),
  )
  return path
}

/** Returns the address of the Debian archive in the machine's own apt settings. */
async function findMirror(): Promise<string> {
  let output: string
  try {
    const result = await run('apt-get', [
      'indextargets',
      '--format',
      '$(REPO_URI) $(ORIGIN) $(SUITE)$(RELEASE)',
      'Created-By: Packages',
    ])
    output = result.stdout
  } catch (error) {
    throw new StartFailure(`apt is needed for the local run. ${COMPOSE_HINT}`, { cause: error })
  }
  const uris = output.split('\n').map((line) => line.split(' ', 1)[0] ?? '')
  const mirror = uris.find((uri) => /\/debian\/?$/.test(uri))
  if (mirror === undefined) {
    throw new StartFailure(`No Debian mirror is set up in apt's sources. ${COMPOSE_HINT}`)
  }
  return mirror
}

/** Returns the machine's Acquire settings (proxies and the like) as configuration lines. */
async function acquireSettings(): Promise<readonly string[]> {
  const { stdout } = await run('apt-config', ['dump'])
  return stdout.split('\n').filter((line) => /^Acquire::[^ ]+ ".+";$/.test(line))
}

function isPastItsDate(error: unknown): boolean {
  return /Release file for .* is expired/.test(outputOf(error))
}

function failure(what: string, error: unknown): StartFailure {
  const lines = outputOf(error).split('\n')
  const reasons = lines.filter((line) => /^(E|W|Err):?/.test(line)).slice(0, 5)
  return new StartFailure(`apt failed while ${what}:\n  ${reasons.join('\n  ')}`, { cause: error })
}

function outputOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
  return `${stdout}\n${stderr}\n${String(error)}`
}
