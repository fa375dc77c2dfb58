/** npm run build: bundles everything that nginx and Node run. */

import { buildAll } from './build/all.ts'

await buildAll()
