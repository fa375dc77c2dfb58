/** Where init writes; each folder is a volume that the service of its name sees at the same path. */

/** Absolute paths. */
export interface Folders {
  /** For init only: all secrets, and the self-signed certificate. */
  readonly init: string
  readonly nginx: string
  /** The queue of log records, which outlives a stop. */
  readonly nginxState: string
  readonly worker: string
  /** Ends of calls that wait for MySQL: bills. */
  readonly workerSpool: string
  readonly mysql: string
  readonly redis: string
  /** The operator's certificates: ssl/ of the checkout, read only. */
  readonly ssl: string
}

/** The paths in docker-compose.yml. */
export const FOLDERS: Folders = {
  init: '/chatgate/init',
  nginx: '/chatgate/nginx',
  nginxState: '/chatgate/nginx-state',
  worker: '/chatgate/worker',
  workerSpool: '/chatgate/worker-spool',
  mysql: '/chatgate/mysql',
  redis: '/chatgate/redis',
  ssl: '/chatgate/ssl',
}

/** A user id, which is the group id too. */
export type Account = number

/** Who reads a folder. */
export interface Accounts {
  readonly nginx: Account
  readonly worker: Account
  readonly mysql: Account
  readonly redis: Account
}

/** The accounts that the images bring along; docker-compose.yml names the same ones. */
export const ACCOUNTS: Accounts = { nginx: 101, worker: 1000, mysql: 999, redis: 999 }
