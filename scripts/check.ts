/** npm run check: looks at settings and nginx's configuration before anything is started with them. */

import { rm } from 'node:fs/promises'
import { buildGate } from './build/all.ts'
import { checkWiring } from './check/wiring.ts'
import { CHECKOUT } from './stack/layout.ts'
import { stageNginx } from './stack/nginx.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'
import { nginxParts, openRoot } from './stack/start-stack.ts'

async function check(): Promise<void> {
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  const root = await openRoot(plan, console.log)
  await buildGate()
  const problems = [...(await checkWiring())]
  const folder = `${plan.layout.nginxConf}.check`
  await stageNginx(root, await nginxParts(plan), folder).catch((error: Error) => {
    problems.push(error.message)
  })
  await rm(folder, { recursive: true, force: true })
  if (problems.length > 0) throw new StartFailure(problems.join('\n'))
  console.log('Settings, nginx configuration and handlers are in order.')
}

await check().catch(reportFailure)
