/**
 * A folder with nginx, Redis and MySQL unpacked from Debian packages, and how to run a program of it:
 * through the unpacked dynamic loader, with the unpacked libraries. Nothing is installed.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StartFailure } from '../stack/start-failure.ts'
import { createApt } from './apt.ts'
import { withFolderLock } from './folder-lock.ts'

const run = promisify(execFile)
/** Raised when the way of unpacking changes, so that old caches are not used. */
const FORMAT = 1
const MANIFEST = 'chatgate-root.json'
const UNPACK_AT_ONCE = 2

export interface PrivateRoot {
  readonly folder: string
  /** Returns the absolute path of a file in the root. */
  path(relative: string): string
  /** Returns file and arguments with which to start a program of the root. */
  command(program: string, args: readonly string[]): { file: string; args: readonly string[] }
  /** Package versions by name. */
  readonly versions: Readonly<Record<string, string>>
}

/**
 * Returns the root for these packages, unpacking it into `cache` first if it is not there whole.
 * @throws {StartFailure} if the packages cannot be had
 */
export async function ensurePrivateRoot(
  cache: string,
  suite: string,
  packages: readonly string[],
  say: (message: string) => void,
): Promise<PrivateRoot> {
  return openRoot(await ensureUnpacked(cache, { suite, packages, leaveOut: [] }, say))
}

/** What is unpacked into one folder. */
export interface Unpacking {
  readonly suite: string
  readonly packages: readonly string[]
  /** Packages that the named ones need and that the system has in any case. */
  readonly leaveOut: readonly string[]
}

/**
 * Returns the folder with the unpacked packages, fetching them first if it is not there whole.
 * Several copies may ask at once; a half-written folder of a killed run is swept away.
 * @throws {StartFailure} if the packages cannot be had
 */
export async function ensureUnpacked(
  cache: string,
  unpacking: Unpacking,
  say: (message: string) => void,
): Promise<string> {
  const { stdout } = await run('dpkg', ['--print-architecture']).catch(() => ({
    stdout: 'unknown',
  }))
  const hash = createHash('sha256')
    .update(JSON.stringify([FORMAT, unpacking]))
    .digest('hex')
  const name = `root-${unpacking.suite}-${stdout.trim()}-${hash.slice(0, 12)}`
  const folder = join(cache, name)
  if (!existsSync(join(folder, MANIFEST))) {
    await mkdir(cache, { recursive: true })
    await withFolderLock(join(cache, `${name}.lock`), say, async () => {
      if (!existsSync(join(folder, MANIFEST))) await unpack(folder, unpacking, say)
    })
  }
  return folder
}

async function unpack(
  folder: string,
  { suite, packages, leaveOut }: Unpacking,
  say: (message: string) => void,
): Promise<void> {
  const partial = `${folder}.partial`
  await rm(folder, { recursive: true, force: true })
  await rm(partial, { recursive: true, force: true })
  const work = join(partial, 'apt')
  await mkdir(work, { recursive: true })
  const apt = await createApt(work, suite, say)
  say(`reading the package lists of Debian ${suite}`)
  await apt.update()
  say(`downloading ${packages.join(', ')} and what they need`)
  const archives = await apt.download(packages)
  const files = (await readdir(archives)).filter(
    (file) => file.endsWith('.deb') && !leaveOut.includes(nameAndVersion(file)[0]),
  )
  say(`unpacking ${files.length} packages`)
  const queue = [...files]
  const unpackNext = async (): Promise<void> => {
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      await run('dpkg-deb', ['--extract', join(archives, file), partial])
    }
  }
  await Promise.all(Array.from({ length: UNPACK_AT_ONCE }, unpackNext))
  await rm(work, { recursive: true, force: true })
  const versions = Object.fromEntries(files.map(nameAndVersion).sort())
  await writeFile(join(partial, MANIFEST), JSON.stringify({ suite, versions }, null, 2))
  await rename(partial, folder)
}

/** `nginx_1.30.6-2_amd64.deb` → nginx, 1.30.6-2; apt writes the epoch's colon as %3a. */
function nameAndVersion(file: string): readonly [string, string] {
  const [name = '', version = ''] = file.split('_')
  return [name, decodeURIComponent(version)]
}

async function openRoot(folder: string): Promise<PrivateRoot> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8'))
  const { versions } = manifest as { versions: Readonly<Record<string, string>> }
  const libraries = join(folder, 'usr/lib')
  const triples = (await readdir(libraries)).filter((name) => /-linux-gnu/.test(name))
  const [triple] = triples.filter((name) => existsSync(join(libraries, name, 'libc.so.6')))
  if (triple === undefined)
    throw new StartFailure(`No C library in ${folder}; delete it and retry.`)
  const loaders = await readdir(join(libraries, triple))
  const loader = loaders.find((name) => /^ld-linux.*\.so\.\d$/.test(name))
  if (loader === undefined) throw new StartFailure(`No loader in ${folder}; delete it and retry.`)
  const loaderPath = join(libraries, triple, loader)
  const libraryPath = `${join(libraries, triple)}:${libraries}`
  return {
    folder,
    versions,
    path: (relative) => join(folder, relative),
    command: (program, args) => ({
      file: loaderPath,
      args: ['--library-path', libraryPath, join(folder, program), ...args],
    }),
  }
}
