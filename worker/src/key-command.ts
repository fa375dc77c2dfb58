/** The operator's command for the provider's keys, run beside the workers or without any. */

import { parseArgs } from 'node:util'
import type { Lang } from '#contract/lang.ts'
import { OPERATOR } from './domain/audit.ts'
import {
  ALIAS_PATTERN,
  KEY_PATTERN,
  mayTravel,
  normalBaseUrl,
  STANDIN_ALIAS,
} from './domain/upstream-key.ts'
import type { WorkerEnv } from './env.ts'
import { isAway } from './failure.ts'
import { createLogger } from './log.ts'
import { flawView, keyView, testView } from './routes/key-view.ts'
import { type ApiKeys, createApiKeys, type OpenedRow } from './stores/api-keys.ts'
import { reencryptKeys } from './stores/key-reencryption.ts'
import { createDatabase, type Database } from './stores/mysql.ts'
import { createDeepSeek } from './upstream/deepseek.ts'
import { createKeyCheck } from './upstream/key-check.ts'
import { streamLimits } from './upstream/stream-watch.ts'

/** What the command has to do with the world. */
export interface KeyCommandIo {
  /** Prints a line of the outcome. */
  readonly say: (line: string) => void
  /** Returns what is typed or piped in, undefined if it was broken off. */
  readonly readKey: () => Promise<string | undefined>
}

/** Something that the operator can put right; the message is the whole story. */
export class KeyCommandError extends Error {}

export const KEY_HELP = `Keys of the model provider.

  add [--alias NAME] [--base-url URL] [--weight N] [--account NAME]
                      stores the key that is piped in or typed (never an argument) and enables it,
                      replacing the one with this alias (default: default); options left out stay
                      as that one has them, but an address of its own has to be said again
                      (--base-url default: the general one)
  list                shows all keys by their last four characters, and what is wrong with them
  test ALIAS          asks the provider for its models and the balance; costs nothing
  enable ALIAS        lets calls use the key, whatever the provider has said against it
  disable ALIAS       keeps calls from the key
  remove ALIAS        deletes the key
  reencrypt           encrypts all keys with the first key of GATE_ENCRYPTION_KEYS

Running workers notice within two seconds.`

const OPTIONS = {
  alias: { type: 'string', default: 'default' },
  'base-url': { type: 'string' },
  weight: { type: 'string' },
  account: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const LANG: Lang = 'en'
const MAX_WEIGHT = 1000

interface Tools {
  readonly env: WorkerEnv
  readonly db: Database
  readonly keys: ApiKeys
  readonly io: KeyCommandIo
}

type Values = ReturnType<typeof parse>['values']

/**
 * Runs a command and returns once it is done.
 * @param args what stands behind the command's name
 * @throws {KeyCommandError} with words for the operator
 */
export async function runKeyCommand(
  args: readonly string[],
  env: WorkerEnv,
  io: KeyCommandIo,
): Promise<void> {
  const { values, positionals } = parse(args)
  const [verb, ...names] = positionals
  if (values.help || verb === undefined) return io.say(KEY_HELP)
  const run = COMMANDS[verb]
  if (run === undefined) throw new KeyCommandError(`there is no command ${verb}\n\n${KEY_HELP}`)
  const db = createDatabase(env.mysql)
  const keys = createApiKeys({ env, db, log: createLogger('silent'), now: Date.now })
  try {
    await run({ env, db, keys, io }, names, values)
  } catch (error) {
    throw isAway(error) ? new KeyCommandError('MySQL cannot be reached.') : error
  } finally {
    await db.close()
  }
}

const COMMANDS: Readonly<
  Record<string, (tools: Tools, names: readonly string[], values: Values) => Promise<void>>
> = {
  add,
  list,
  test,
  reencrypt,
  async enable({ keys, io }, names) {
    const { row } = await named(keys, names)
    await keys.change(row.id, { enabled: true }, OPERATOR)
    io.say(`${row.alias} is enabled.`)
  },
  async disable({ keys, io }, names) {
    const { row } = await named(keys, names)
    await keys.change(row.id, { enabled: false }, OPERATOR)
    io.say(`${row.alias} is disabled.`)
  },
  async remove({ keys, io }, names) {
    const { row } = await named(keys, names)
    if (!(await keys.remove(row.id, OPERATOR)))
      throw new KeyCommandError("The stand-in's key stays.")
    io.say(`${row.alias} is removed.`)
  },
}

async function add({ env, keys, io }: Tools, names: readonly string[], values: Values) {
  if (names.length > 0) {
    throw new KeyCommandError('Pipe the key in or type it: arguments can be read by others.')
  }
  const { alias, account } = values
  if (!ALIAS_PATTERN.test(alias) || alias === STANDIN_ALIAS) {
    throw new KeyCommandError('--alias: a-z, 0-9, _ and -, at most 64, not standin.')
  }
  if (account !== undefined && !ALIAS_PATTERN.test(account)) {
    throw new KeyCommandError('--account: a-z, 0-9, _ and -, at most 64.')
  }
  const weight = values.weight === undefined ? undefined : weightOf(values.weight)
  if (weight === 0) {
    throw new KeyCommandError(`--weight: a whole number from 1 to ${MAX_WEIGHT}.`)
  }
  const url = values['base-url']
  const baseUrl = url === 'default' ? null : url === undefined ? undefined : normalBaseUrl(url)
  const isWrong = url !== undefined && baseUrl === undefined
  if (isWrong || (baseUrl && !mayTravel({ baseUrl, standin: false }, env.standinUrl))) {
    throw new KeyCommandError('--base-url: https, or http on this machine, and not the stand-in.')
  }
  const secret = await io.readKey()
  if (secret === undefined) throw new KeyCommandError('Nothing was stored.')
  if (!KEY_PATTERN.test(secret)) {
    throw new KeyCommandError('A key is 8 to 256 printable characters without spaces.')
  }
  const stored = await keys.put({ alias, secret, baseUrl, weight, account }, OPERATOR)
  if (stored === undefined) {
    throw new KeyCommandError(`${alias} has an address of its own: give it, or --base-url default.`)
  }
  io.say(`${alias} is stored: …${secret.slice(-4)}.`)
}

/** Returns the weight that the text is, 0 if it is none. */
function weightOf(text: string): number {
  const weight = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return weight <= MAX_WEIGHT ? weight : 0
}

async function list({ env, keys, io }: Tools): Promise<void> {
  const rows = await keys.list()
  const table = rows.map((opened) => {
    const fault = opened.key?.fault ?? null
    const obstacle = fault === null ? undefined : ({ kind: 'fault', fault } as const)
    const { alias, last4, state, weight, account, base_url, reason } = keyView(
      opened,
      obstacle,
      env.deepseekBaseUrl,
      LANG,
    )
    const cells = [alias, `…${last4}`, state, String(weight), account ?? '-', base_url]
    return [...cells, reason ?? '']
  })
  const head = ['ALIAS', 'KEY', 'STATE', 'WEIGHT', 'ACCOUNT', 'BASE URL', '']
  for (const line of aligned([head, ...table])) io.say(line)
}

async function test({ env, keys, io }: Tools, names: readonly string[]): Promise<void> {
  const { key, flaw } = await named(keys, names)
  const upstream = createDeepSeek(streamLimits(env.limits))
  try {
    const log = createLogger('silent')
    const check = createKeyCheck({ keys, upstream, log, now: Date.now })
    const result = flaw ? flawView(flaw, LANG) : key && testView(await check.test(key), LANG)
    io.say(JSON.stringify(result, null, 2))
    if (!result?.ok) throw new KeyCommandError('The key does not work.')
  } finally {
    upstream.close()
  }
}

async function reencrypt({ env, db, keys, io }: Tools): Promise<void> {
  // Takes over what was inserted in the clear, so that nothing stays behind.
  await keys.list()
  const { done, failed } = await reencryptKeys(db, env.encryptionKeys, (count) => {
    io.say(`${count} keys encrypted anew …`)
  })
  for (const { alias, fault } of failed) io.say(`${alias} does not open: ${fault}`)
  io.say(`${done} keys were encrypted with ${env.encryptionKeys.currentId}.`)
  if (failed.length > 0) {
    throw new KeyCommandError('Not all keys could be encrypted: keep the old encryption keys.')
  }
  io.say('No key needs another encryption key any more.')
}

async function named(keys: ApiKeys, names: readonly string[]): Promise<OpenedRow> {
  const [alias, ...more] = names
  if (alias === undefined || more.length > 0) throw new KeyCommandError('Give one alias.')
  const found = (await keys.list()).find(({ row }) => row.alias === alias)
  if (found === undefined) throw new KeyCommandError(`There is no key with the alias ${alias}.`)
  return found
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const { code = '', message = '' } = error as { code?: string; message?: string }
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error
    throw new KeyCommandError(`${message.split('. ')[0]}.\n\n${KEY_HELP}`)
  }
}

function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const widths = table.reduce<number[]>(
    (all, cells) => cells.map((cell, at) => Math.max(all[at] ?? 0, cell.length)),
    [],
  )
  return table.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
