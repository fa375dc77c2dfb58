/** npm run format: writes every file the way npm test wants it. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { CHECKOUT } from './stack/layout.ts'

const { status } = spawnSync(join(CHECKOUT, 'node_modules/.bin/biome'), ['check', '--write', '.'], {
  cwd: CHECKOUT,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
