/** npm run bench:gate: measures the gate; bench/gate/README.md says how and against what. */

import { benchGate } from '../bench/gate/main.ts'
import { reportFailure } from './stack/start-failure.ts'

await benchGate().catch(reportFailure)
