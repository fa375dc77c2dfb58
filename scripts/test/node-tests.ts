/** Runs test files with Node's own test runner and counts the results. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from '../stack/layout.ts'
import type { Tally } from './tally.ts'

/** Longer than the slowest single test file may take, ms. */
const FILE_TIMEOUT_MS = 300_000

/**
 * Runs every *.test.ts below the folders, two files at a time. Those that share a stack run one after the
 * other, because what nginx logs meanwhile is held against the test that runs.
 * @param env added to the environment of the tests; its presence means a shared stack
 * @param wanted which files to run, by their path
 */
export async function runNodeTests(
  name: string,
  folders: readonly string[],
  env: Readonly<Record<string, string>> = {},
  wanted = /./,
): Promise<Tally> {
  const found = (await Promise.all(folders.map(testFiles))).flat()
  const files = found.filter((file) => wanted.test(file)).sort()
  if (files.length === 0) throw new Error(`${name}: no test files`)
  const work = await mkdtemp(join(tmpdir(), 'chatgate-tap-'))
  const tap = join(work, 'result.tap')
  const atOnce = Object.keys(env).length === 0 ? 2 : 1
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--enable-source-maps', '--test'],
      `--test-concurrency=${atOnce}`,
      `--test-timeout=${FILE_TIMEOUT_MS}`,
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...['--test-reporter=tap', `--test-reporter-destination=${tap}`],
      ...files,
    ],
    { cwd: CHECKOUT, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } },
  )
  const [code] = await once(child, 'exit')
  const tally = readTally(await readFile(tap, 'utf8'))
  await rm(work, { recursive: true })
  // A file that dies outside any test must not look like success.
  if (code !== 0 && tally.failed === 0) tally.failed = 1
  return tally
}

function readTally(tap: string): Tally {
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail') + count('cancelled') }
}

async function testFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(CHECKOUT, folder), { recursive: true })
  return entries.filter((name) => name.endsWith('.test.ts')).map((name) => join(folder, name))
}
