/** Repeating a transaction that MySQL rolled back in favour of another. */

/** Server error numbers of a transaction that may be repeated as it is. */
const REPEATABLE: ReadonlySet<unknown> = new Set([
  1213, // ER_LOCK_DEADLOCK
  1412, // ER_TABLE_DEF_CHANGED: the table was altered since the transaction began
])

const MAX_ATTEMPTS = 5

/**
 * Returns what `transaction` returns in the end.
 * @param transaction may be repeated: nothing of an attempt that threw is left
 * @throws what it throws for another reason, or for the fifth time
 */
export async function repeatDeadlocked<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction()
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isRepeatable(error)) throw error
    }
  }
}

function isRepeatable(error: unknown): boolean {
  // The database reports them as a Failure with MySQL's error as the cause.
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'errno' in cause && REPEATABLE.has(cause.errno)
}
