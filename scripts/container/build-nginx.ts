/** Builds what the nginx image brings along: the gate, the bridge and the pages. */

import { buildGate } from '../build/all.ts'
import { buildPages } from '../build/pages.ts'

await Promise.all([buildGate(), buildPages()])
