import type { Lang } from '#contract/lang.ts'
import type { AppContext } from '../context.ts'
import { Failure } from '../failure.ts'

/** Returns the failure for a field whose value no schema can judge, in the caller's language. */
export function wrongField(
  c: AppContext,
  field: string,
  message: Readonly<Record<Lang, string>>,
): Failure {
  return new Failure('invalid_request', { errors: [{ field, message: message[c.var.lang] }] })
}
