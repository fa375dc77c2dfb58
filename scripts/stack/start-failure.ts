/** A failure that a person can act on: its message is shown without a stack. */

export class StartFailure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StartFailure'
  }
}

/** Shows why a command failed and makes the process end with code 1. */
export function reportFailure(error: unknown): void {
  if (error instanceof StartFailure) console.error(`chatgate: ${error.message}`)
  else console.error(error)
  process.exitCode = 1
}
