/** What the MySQL container is told about its accounts. */

import type { MysqlAccount } from '../stack/mysql.ts'

/** Returns MySQL's files by name, for mysql/account.sh and the health check. */
export function mysqlFiles(
  account: MysqlAccount,
  rootPassword: string,
): Readonly<Record<string, string>> {
  return {
    root_password: rootPassword,
    'root.cnf': optionFile({ user: 'root', password: rootPassword }),
    // By address: during the first start MySQL answers on its socket before the account is there.
    'worker.cnf': optionFile({
      host: '127.0.0.1',
      user: account.user,
      password: account.password,
    }),
    'account.sql': accountVariables(account),
  }
}

/** Returns the statement that sets the variables of mysql/init.sql. */
export function accountVariables({ database, user, password }: MysqlAccount): string {
  return `SET @chatgate_database = ${sqlText(database)},
  @chatgate_user = ${sqlText(user)},
  @chatgate_password = ${sqlText(password)};
`
}

/** In hexadecimal, so that no character of the text can mean anything to MySQL. */
function sqlText(text: string): string {
  return `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`
}

/** Returns an option file of MySQL's client programs (manual, "Using Option Files"). */
function optionFile(options: Readonly<Record<string, string>>): string {
  const lines = Object.entries(options).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  )
  return `[client]\n${lines.join('\n')}\n`
}
