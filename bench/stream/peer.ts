/**
 * Portkey's gateway, installed from npm into a private folder with the versions named here, and run
 * as its README says: no sign-in, no metering, nothing stored.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { baseEnvironment } from '../../scripts/stack/service.ts'
import { StartFailure } from '../../scripts/stack/start-failure.ts'
import { Program } from '../support/processes.ts'

const run = promisify(execFile)

const GATEWAY = { '@portkey-ai/gateway': '1.15.2' }

/** What it is said to need; with the newest of them no stream is answered (its issue 1389). */
const BESIDE = { '@hono/node-server': '1.3.3', hono: '4.9.7' }

export const PEER_VERSIONS: Readonly<Record<string, string>> = { ...GATEWAY, ...BESIDE }

const MANIFEST = JSON.stringify({ private: true, dependencies: PEER_VERSIONS, overrides: BESIDE })
const PROGRAM = 'node_modules/@portkey-ai/gateway/build/start-server.js'
const READY_MS = 20_000

/**
 * Returns the folder with the gateway, installing it below `cache` first if it is not there whole.
 * @throws {StartFailure} if npm cannot install it
 */
export async function ensurePeer(cache: string, say: (message: string) => void): Promise<string> {
  const hash = createHash('sha256').update(MANIFEST).digest('hex').slice(0, 12)
  const folder = join(cache, `portkey-${hash}`)
  if (existsSync(folder)) return folder
  say("installing Portkey's gateway from npm into the cache folder")
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await writeFile(join(partial, 'package.json'), MANIFEST)
  await copyFile(join(CHECKOUT, '.npmrc'), join(partial, '.npmrc'))
  try {
    await run('npm', ['install', '--omit=dev', '--ignore-scripts', '--loglevel=error'], {
      cwd: partial,
    })
  } catch (error) {
    throw new StartFailure(`npm cannot install Portkey's gateway: ${String(error)}`)
  }
  await rename(partial, folder)
  return folder
}

/** Starts it on a loopback port. */
export async function startPeer(folder: string, port: number, log: string): Promise<Program> {
  const program = await Program.start(
    {
      file: process.execPath,
      args: [join(folder, PROGRAM), '--headless', `--port=${port}`],
      env: { ...baseEnvironment(), NODE_ENV: 'production' },
      cwd: folder,
    },
    log,
    undefined,
  )
  await waitFor(() => fetch(`http://127.0.0.1:${port}/`), READY_MS)
  return program
}
