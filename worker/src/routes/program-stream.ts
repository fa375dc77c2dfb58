/** A program's streamed answer: the provider's bytes, and an error event if it ends early. */

import type { Lang } from '#contract/lang.ts'
import type { ProgramCall } from '../domain/program-call.ts'
import { Failure } from '../failure.ts'
import { programError } from '../program-error.ts'
import { STREAM_HEADERS } from './event-stream.ts'

/** Returns the answer that sends what the call tells, at the pace at which the program takes it. */
export function programStream(call: ProgramCall, requestId: string, lang: Lang): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await nextBytes(call, requestId, lang)
        if (bytes === undefined) controller.close()
        else controller.enqueue(bytes)
      },
      cancel: call.leave,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: STREAM_HEADERS })
}

async function nextBytes(
  call: ProgramCall,
  requestId: string,
  lang: Lang,
): Promise<Uint8Array | undefined> {
  try {
    return await call.next()
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure('internal')
    const data = JSON.stringify(programError(failure, requestId, lang))
    return new TextEncoder().encode(`data: ${data}\n\n`)
  }
}
