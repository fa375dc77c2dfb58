/** The worker's log: JSON lines on standard output, with only what is put in on purpose. */

import { type Logger, pino, stdTimeFunctions } from 'pino'

/** @param level pino's name of the lowest level that is written */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  })
}

interface ErrorDescription {
  readonly type: string
  readonly message?: string
  readonly code?: string
  readonly frames: readonly string[]
  readonly cause?: ErrorDescription
}

/** How deep a chain of causes is followed. */
const MAX_CAUSES = 4

/**
 * Returns what may be written about an error. An allow-list, because database clients hang whole
 * statements and command arguments on their errors, and MySQL quotes values in its messages.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, frames: [] }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    ...(mayQuoteValues(error) ? {} : { message: error.message }),
    ...(code !== undefined && { code }),
    // The stack begins with the message, which was judged above.
    frames: (error.stack ?? '').match(/^ {4}at .+$/gm)?.map((line) => line.trim()) ?? [],
    ...(error.cause !== undefined &&
      depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  }
}

/** MySQL's messages name values, except those of class 42 (schema and rights) that are no syntax error. */
function mayQuoteValues(error: Error): boolean {
  if (!('sqlState' in error) || typeof error.sqlState !== 'string') return false
  const isSyntax = 'errno' in error && error.errno === 1064
  return isSyntax || !error.sqlState.startsWith('42')
}
