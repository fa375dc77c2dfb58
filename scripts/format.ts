/** npm run format: writes every file the way npm test wants it. */

import { spawnSync } from 'node:child_process'
import { CHECKOUT } from './stack/layout.ts'

const { status } = spawnSync('npx', ['biome', 'check', '--write', '.'], {
  cwd: CHECKOUT,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
