/** npm run bench:usage: measures reports over many calls; bench/usage/README.md says how. */

import { benchUsage } from '../bench/usage/main.ts'
import { reportFailure } from './stack/start-failure.ts'

await benchUsage().catch(reportFailure)
