/** Reading the options of an npm command, strictly, with --help for all of them. */

import { type ParseArgsConfig, parseArgs } from 'node:util'

const USAGE_ERROR = 2

type Options = NonNullable<ParseArgsConfig['options']>

/**
 * Returns what stands after `--`. Ends the process after showing the help if it was asked for, and
 * with code 2 after naming an option that there is not.
 * @param help what the command does and its options, a line each
 */
export function parseOptions<O extends Options>(help: string, options: O, positionals = false) {
  try {
    const all = { ...options, help: { type: 'boolean', short: 'h' } } as const
    const parsed = parseArgs({ options: all, allowPositionals: positionals })
    if ('help' in parsed.values && parsed.values.help === true) {
      console.log(help)
      process.exit(0)
    }
    return parseArgs({ options, allowPositionals: positionals })
  } catch (error) {
    const { code = '', message = '' } = error as { code?: string; message?: string }
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error
    console.error(`chatgate: ${message.split('. ')[0]}.\n\n${help}`)
    process.exit(USAGE_ERROR)
  }
}
