/** Which MySQL errors say "the server cannot be used" and which "these values are wrong". */

/** Server error numbers that a retry may cure: the statement is fine, the server is not. */
const UNAVAILABLE_ERRNOS: ReadonlySet<number> = new Set([
  1040, // ER_CON_COUNT_ERROR: too many connections
  1053, // ER_SERVER_SHUTDOWN
  1205, // ER_LOCK_WAIT_TIMEOUT
  1213, // ER_LOCK_DEADLOCK: rolled back in favour of another transaction
  1290, // ER_OPTION_PREVENTS_STATEMENT: read-only server
  1412, // ER_TABLE_DEF_CHANGED: altered since the transaction began
  1317, // ER_QUERY_INTERRUPTED: the statement was killed
  1836, // ER_READ_ONLY_MODE
  3024, // ER_QUERY_TIMEOUT
  3169, // ER_SESSION_WAS_KILLED
  4031, // ER_CLIENT_INTERACTION_TIMEOUT: the server closed an idle connection
])

/** Returns true if the error is about the server or the way to it, not about the statement. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // mysql2 marks what ended a connection as fatal; errors of sockets carry no server errno.
  if ('fatal' in error && error.fatal === true) return true
  const errno = 'errno' in error ? error.errno : undefined
  if (typeof errno === 'number' && errno > 0) return UNAVAILABLE_ERRNOS.has(errno)
  return 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ER_')
}

/** Returns true if the server refused a row that breaks a unique key. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 1062
}

/** Errors about a value that carry the general SQLSTATE HY000. */
const VALUE_ERRNOS: ReadonlySet<number> = new Set([
  1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: also text that is not valid in the column's charset
  1526, // ER_NO_PARTITION_FOR_GIVEN_VALUE
])

/** Returns true if the server refused the values of a row (SQLSTATE classes 22 and 23). */
export function isDataError(error: unknown): boolean {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return false
  if (typeof error.errno === 'number' && VALUE_ERRNOS.has(error.errno)) return true
  return typeof error.sqlState === 'string' && /^2[23]/.test(error.sqlState)
}
