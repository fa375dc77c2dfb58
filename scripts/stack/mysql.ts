/** MySQL of the local run: on a unix socket only, sized for a small machine. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Connection, createConnection } from 'mysql2/promise'
import type { PrivateRoot } from '../root/private-root.ts'
import { CHECKOUT, type Layout } from './layout.ts'
import { waitFor } from './readiness.ts'
import type { StackSecrets } from './secrets.ts'
import { baseEnvironment, type Service } from './service.ts'
import { StartFailure } from './start-failure.ts'

const run = promisify(execFile)
const READY_MS = 60_000

/** What MySQL has to be like wherever it runs; docker-compose.yml says the same. */
export const MYSQL_SETTINGS: readonly string[] = [
  '--mysqlx=OFF',
  '--performance-schema=OFF',
  '--max-connections=100',
  '--default-time-zone=+00:00',
  // Else a full-text index made anew from a backup finds half of the words.
  '--innodb-ft-enable-stopword=OFF',
]

export interface MysqlAccount {
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Returns the MySQL service; it is ready once database and account exist. */
export function mysqlService(
  root: PrivateRoot,
  layout: Layout,
  secrets: StackSecrets,
  account: MysqlAccount,
): Service {
  return {
    name: 'mysql',
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 60_000,
    async command() {
      await initialise(root, layout)
      const program = serverArguments(root, layout.mysqlData, [
        '--skip-networking',
        `--socket=${layout.sockets.mysql}`,
        `--pid-file=${join(layout.mysqlData, 'mysqld.pid')}`,
        '--skip-log-bin',
        '--innodb-buffer-pool-size=128M',
        '--innodb-redo-log-capacity=64M',
        ...MYSQL_SETTINGS,
      ])
      return { ...program, env: baseEnvironment() }
    },
    async ready(signal) {
      const connection = await waitFor(() => connectAsRoot(layout, secrets), READY_MS, signal)
      try {
        await makeAccount(connection, account)
      } finally {
        await connection.end()
      }
    },
  }
}

/** A folder that was not initialised to the end has another name, so it is never taken for whole. */
async function initialise(root: PrivateRoot, layout: Layout): Promise<void> {
  if (existsSync(layout.mysqlData)) return
  const partial = `${layout.mysqlData}.partial`
  // What a killed start has begun may go on writing there for a moment.
  await rm(partial, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  const { file, args } = serverArguments(root, partial, ['--initialize-insecure'])
  try {
    await run(file, [...args], { env: baseEnvironment() })
  } catch (error) {
    throw new StartFailure(`MySQL could not make its data folder: ${String(error)}`)
  }
  await rename(partial, layout.mysqlData)
}

function serverArguments(root: PrivateRoot, data: string, more: readonly string[]) {
  return root.command('usr/sbin/mysqld', [
    '--no-defaults',
    // mysqld refuses to run as root unless told so; a local run uses whoever started it.
    ...(userInfo().uid === 0 ? ['--user=root'] : []),
    `--basedir=${root.path('usr')}`,
    `--datadir=${data}`,
    '--secure-file-priv=NULL',
    `--lc-messages-dir=${root.path('usr/share/mysql')}`,
    `--character-sets-dir=${root.path('usr/share/mysql/charsets')}`,
    `--plugin-dir=${root.path('usr/lib/mysql/plugin')}`,
    ...more,
  ])
}

/** Signs in as root; right after initialisation there is no password yet, and one is set. */
async function connectAsRoot(layout: Layout, secrets: StackSecrets): Promise<Connection> {
  const options = { socketPath: layout.sockets.mysql, user: 'root', multipleStatements: true }
  try {
    return await createConnection({ ...options, password: secrets.mysqlRoot })
  } catch (error) {
    if ((error as { code?: string }).code !== 'ER_ACCESS_DENIED_ERROR') throw error
    const connection = await createConnection(options)
    await connection.query('ALTER USER root@localhost IDENTIFIED BY ?', [secrets.mysqlRoot])
    return connection
  }
}

/** Runs mysql/init.sql, which is safe to run again and sets the password anew. */
async function makeAccount(connection: Connection, account: MysqlAccount): Promise<void> {
  const sql = await readFile(join(CHECKOUT, 'mysql/init.sql'), 'utf8')
  await connection.query('SET @chatgate_database = ?, @chatgate_user = ?, @chatgate_password = ?', [
    account.database,
    account.user,
    account.password,
  ])
  await connection.query(sql)
}
