/** npm run check: looks at settings and nginx's configuration before anything is started with them. */

import { buildGate } from './build/all.ts'
import { CHECKOUT } from './stack/layout.ts'
import { checkNginx } from './stack/nginx-configuration.ts'
import { parseOptions } from './stack/options.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure } from './stack/start-failure.ts'
import { nginxParts, openRoot } from './stack/start-stack.ts'

const HELP = 'npm run check: looks at settings and nginx configuration; starts nothing.'

async function check(): Promise<void> {
  parseOptions(HELP, {})
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  const root = await openRoot(plan, console.log)
  await buildGate()
  await checkNginx(root, await nginxParts(plan))
  console.log('Settings, nginx configuration, its values and handlers are in order.')
}

await check().catch(reportFailure)
