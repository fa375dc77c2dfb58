/** Takes in what a program asks for: from its request to a call that runs. */

import type { Program } from './context.ts'
import type { Deps } from './deps.ts'
import { jsonMembers } from './domain/json-members.ts'
import { costOf } from './domain/price.ts'
import { boundedBody, forwardedUser, providerBody } from './domain/program-body.ts'
import type { ProgramCall } from './domain/program-call.ts'
import { type PromptFields, promptSize } from './domain/program-prompt.ts'
import type { StreamSlot } from './domain/stream-slots.ts'
import { userTag } from './domain/user-tag.ts'
import { Failure } from './failure.ts'
import { mayCall } from './token-terms.ts'

/** What a program asks for. */
export interface ProgramRequest {
  readonly requestId: string
  readonly program: Program
  /** The body as it came: valid JSON that is as the other fields say. */
  readonly text: string
  readonly prompt: PromptFields
  readonly model: string
  readonly stream: boolean
  /** Whether it asks for the usage of a stream. */
  readonly wantsUsage: boolean
  /** The most tokens that it wants; undefined: not said. */
  readonly maxTokens: number | undefined
  /** The program's own `user_id`. */
  readonly userId: string | null | undefined
  /** What the gate took for it; given back with the call's end, or left alone if none begins. */
  readonly slot: StreamSlot | undefined
}

type IntakeDeps = Pick<
  Deps,
  | 'env'
  | 'running'
  | 'prices'
  | 'models'
  | 'keys'
  | 'quotas'
  | 'tokenTerms'
  | 'programUsage'
  | 'programCalls'
>

/**
 * Begins a call; from then on it runs.
 * @throws {DuplicateMember} for a member that is there twice
 * @throws {Failure} model_not_found, and what hinders: shutting_down, no key or a quota, no storage
 */
export async function beginProgramCall(
  deps: IntakeDeps,
  request: ProgramRequest,
): Promise<ProgramCall> {
  const { requestId, text, stream, wantsUsage } = request
  const { uid, token } = request.program
  deps.running.assertOpen()
  const book = await deps.prices.book()
  const model = book.aliases.get(request.model) ?? request.model
  const terms = await deps.tokenTerms.of(request.program)
  // A model that this token must not call does not exist for it.
  if (!(await deps.models.has(model)) || !mayCall(terms, model, book.aliases)) {
    throw new Failure('model_not_found')
  }
  const members = jsonMembers(text)
  const user = forwardedUser(userTag(deps.env.workerSecret, uid), request.userId)
  const body = providerBody(members, { model, user, stream })
  const size = promptSize(request.prompt, Buffer.byteLength(text), members.textOf('tools'))
  const key = await deps.keys.pick()
  const reserved = await deps.quotas.reserve({
    ...{ requestId, uid, token, model },
    promptBytes: size.bytes,
    images: size.attachments,
    maxTokens: request.maxTokens,
  })
  const startedAt = reserved.at
  const asked = { model: request.model, promptEstimate: size.tokens, startedAt }
  try {
    await deps.programUsage.open({ ...asked, requestId, uid, token, apiKeyId: key.id, reserved })
  } catch (error) {
    await deps.quotas.release(requestId)
    throw error
  }
  return deps.programCalls.start(
    { ...asked, id: requestId, uid },
    { requestId, stream, wantsUsage, body: boundedBody(body, reserved.maxTokens) },
    key,
    (answered, at, tokens) => costOf(book, answered, at, tokens),
    request.slot,
  )
}
