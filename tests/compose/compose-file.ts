/** docker-compose.yml and .env.example, read for the tests. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../scripts/stack/layout.ts'

const Build = z.strictObject({
  context: z.string(),
  dockerfile: z.string(),
  args: z.record(z.string(), z.string()),
})

const Healthcheck = z.strictObject({
  test: z.array(z.string()).min(2),
  interval: z.string(),
  timeout: z.string(),
  retries: z.number(),
  start_period: z.string(),
})

const Service = z.object({
  image: z.string(),
  build: Build.optional(),
  user: z.string(),
  restart: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  cap_add: z.array(z.string()).optional(),
  security_opt: z.array(z.string()),
  privileged: z.never().optional(),
  network_mode: z.string().optional(),
  networks: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  healthcheck: Healthcheck.optional(),
  stop_signal: z.string().optional(),
  stop_grace_period: z.string().optional(),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.string(), restart: z.boolean().optional() }))
    .default({}),
  logging: z.strictObject({
    driver: z.string(),
    options: z.strictObject({ 'max-size': z.string(), 'max-file': z.string() }),
  }),
  deploy: z.strictObject({
    resources: z.strictObject({
      limits: z.strictObject({ memory: z.string(), pids: z.number() }),
    }),
  }),
})

const ComposeFile = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.strictObject({})),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
})

export type ComposeService = z.infer<typeof Service>

/** Returns a file of the checkout. */
export function source(path: string): string {
  return readFileSync(join(CHECKOUT, path), 'utf8')
}

/** Returns docker-compose.yml as it stands, with `${NAME:-default}` not filled in. */
export function readComposeFile(): z.infer<typeof ComposeFile> {
  return ComposeFile.parse(parse(source('docker-compose.yml'), { merge: true }))
}

/** Returns a service of docker-compose.yml. */
export function composeService(name: string): ComposeService {
  const service = readComposeFile().services[name]
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  return service
}

/** Returns a volume entry `source:target[:options]`, split; `${NAME:-…}` does not occur in them. */
export function mount(entry: string): { from: string; to: string; readOnly: boolean } {
  const [from = '', to = '', options = ''] = entry.split(':')
  return { from, to, readOnly: options === 'ro' }
}

/** Returns names and defaults of every `${NAME:-default}` in a text. */
export function interpolations(text: string): readonly { name: string; fallback: string }[] {
  const found = text.matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*):-([^}]*)\}/g)
  return [...found].map(([, name = '', fallback = '']) => ({ name, fallback }))
}

/** Returns a duration of Compose, such as 1m30s, in seconds. */
export function seconds(text: string): number {
  const match = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)
  if (text === '' || match === null) throw new Error(`${text} is not a duration`)
  return Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)
}
