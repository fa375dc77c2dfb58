/**
 * Entry of every npm command: makes sure the dependencies of package-lock.json are installed, then
 * runs scripts/<name>.ts. Plain JavaScript without dependencies, because on a fresh checkout there
 * is nothing else yet.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [name = '', ...args] = process.argv.slice(2)
const script = join(root, 'scripts', `${name}.ts`)

if (!/^[a-z-]+$/.test(name) || !existsSync(script)) {
  console.error(`chatgate: no such command: ${name}`)
  process.exit(2)
}

installDependencies()
process.argv = [process.argv[0], script, ...args]
const { register } = await import('tsx/esm/api')
register()
await import(pathToFileURL(script).href)

/** Runs `npm ci` unless node_modules already matches the lock file. */
function installDependencies() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  const wanted = createHash('sha256').update(lock).digest('hex')
  const marker = join(root, 'node_modules', '.chatgate-lock')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  console.log('Installing npm packages …')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (result.status !== 0) {
    console.error('chatgate: npm ci failed; see the lines above.')
    process.exit(1)
  }
  writeFileSync(marker, wanted)
}
