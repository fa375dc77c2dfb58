/** The answers of the `status` directive: failures that a correct request can meet. */

import {
  ApiError,
  balanceUsedUp,
  errorBody,
  keyRefused,
  maxTokensOutOfRange,
  tooConcurrent,
} from './api-error.ts'
import { MAX_OUTPUT_TOKENS } from './models.ts'

/** Values of the `status` directive. 200 is the blank body seen under overload, 502 a CDN's page. */
export const SCRIPTED_STATUSES = [200, 400, 401, 402, 422, 429, 500, 502, 503] as const

export type ScriptedStatus = (typeof SCRIPTED_STATUSES)[number]

export interface ScriptedAnswer {
  readonly contentType: string
  readonly body: string
}

/** The limit that one reporter met, used in the scripted 429. */
const REPORTED_CONCURRENCY_LIMIT = 39

const GATEWAY_PAGE = `<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center></body>
</html>
`

/** Returns the content type and body that go with a status. */
export function scriptedAnswer(status: ScriptedStatus, key: string): ScriptedAnswer {
  switch (status) {
    case 200:
      return { contentType: 'application/json', body: '\n\n' }
    case 502:
      return { contentType: 'text/html', body: GATEWAY_PAGE }
    default:
      return { contentType: 'application/json', body: errorBody(scriptedError(status, key)) }
  }
}

function scriptedError(status: Exclude<ScriptedStatus, 200 | 502>, key: string): ApiError {
  switch (status) {
    case 400:
      return maxTokensOutOfRange(MAX_OUTPUT_TOKENS)
    case 401:
      return keyRefused(key)
    case 402:
      return balanceUsedUp()
    case 422:
      return new ApiError(422, 'Invalid Parameters')
    case 429:
      return tooConcurrent(REPORTED_CONCURRENCY_LIMIT)
    case 500:
      return new ApiError(500, 'Server Error', 'unknown_error')
    case 503:
      return new ApiError(503, 'Server Overloaded', 'unknown_error')
  }
}
