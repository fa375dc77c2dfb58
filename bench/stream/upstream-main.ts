/** Runs the recorded upstream as a program of its own, on STANDIN_PORT. */

import { createRecordedUpstream } from './recorded-upstream.ts'

const upstream = createRecordedUpstream()
process.once('SIGTERM', () => void upstream.close().then(() => process.exit(0)))
await upstream.listen(Number(process.env['STANDIN_PORT']))
