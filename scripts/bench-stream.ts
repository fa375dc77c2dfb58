/** npm run bench:stream: measures streamed answers; bench/stream/README.md says how and against what. */

import { benchStream } from '../bench/stream/main.ts'
import { reportFailure } from './stack/start-failure.ts'

await benchStream().catch(reportFailure)
