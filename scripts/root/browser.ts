/**
 * A Chromium from Debian's packages for the tests of the pages, unpacked like the servers. It comes
 * from the machine's own suite, so it runs with the machine's own C library and loader; Chromium
 * starts itself again by its path, which a foreign loader would break.
 */

import { existsSync, readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartFailure } from '../stack/start-failure.ts'
import { ensureUnpacked } from './private-root.ts'

export interface Browser {
  readonly executablePath: string
  /** Added to the environment in which it is started. */
  readonly env: Readonly<Record<string, string>>
}

const PACKAGES = ['chromium', 'fonts-noto-cjk', 'fonts-dejavu-core']
/** The C library is the machine's own: two builds of it do not mix. */
const LEAVE_OUT = ['libc6', 'libc-bin']

/**
 * Returns a Chromium, fetching it first if need be.
 * @throws {StartFailure} if it cannot be had
 */
export async function ensureBrowser(
  cache: string,
  say: (message: string) => void,
): Promise<Browser> {
  const suite = await machineSuite()
  const folder = await ensureUnpacked(
    cache,
    { suite, packages: PACKAGES, leaveOut: LEAVE_OUT },
    say,
  )
  const libraries = join(folder, 'usr/lib')
  const triple = readdirSync(libraries).find((name) => /-linux-gnu/.test(name))
  if (triple === undefined)
    throw new StartFailure(`No libraries in ${folder}; delete it and retry.`)
  const old = join(folder, 'lib', triple)
  // PulseAudio's common library lies beside the others, where only its absolute path is looked for.
  const own = join(libraries, triple, 'pulseaudio')
  const paths = [join(libraries, triple), ...[old, own].filter((path) => existsSync(path))]
  const fonts = join(folder, 'fonts.conf')
  await writeFile(fonts, fontConfiguration(folder))
  return {
    executablePath: join(libraries, 'chromium/chromium'),
    env: { LD_LIBRARY_PATH: paths.join(':'), FONTCONFIG_FILE: fonts },
  }
}

async function machineSuite(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]
  if (!/^ID=debian$/m.test(release) || codename === undefined) {
    throw new StartFailure(
      'The tests of the pages take Chromium from Debian, and this is not Debian.',
    )
  }
  return codename
}

function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'usr/share/fonts')}</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <include ignore_missing="yes">${join(folder, 'etc/fonts/conf.d')}</include>
</fontconfig>
`
}
