/** One long-running program of the stack. */

export interface Service {
  readonly name: string
  /** Program and arguments; asked again at each start, so that files may be made anew. */
  command(): Promise<Command>
  /** Resolves once the service answers; rejects when it cannot be expected to any more. */
  ready(signal: AbortSignal): Promise<void>
  /** Which signal ends it gracefully. */
  readonly stopSignal: NodeJS.Signals
  /** After this many ms it is killed. */
  readonly stopTimeoutMs: number
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** What every program needs of the caller's environment; nothing else is handed on. */
export function baseEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'USER']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
