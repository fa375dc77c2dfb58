/** The response headers seen from DeepSeek. There is no `x-request-id`: its log id is `x-ds-trace-id`. */

import type { OutgoingHttpHeaders } from 'node:http'

/** Returns the headers of an answer with this content type. */
export function answerHeaders(contentType: string, traceId: string): OutgoingHttpHeaders {
  return {
    'content-type': contentType,
    vary: 'origin, access-control-request-method, access-control-request-headers',
    'access-control-allow-credentials': 'true',
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    'x-content-type-options': 'nosniff',
    'x-ds-trace-id': traceId,
    server: 'elb',
  }
}

/** Returns the headers of a streamed answer. */
export function streamHeaders(traceId: string): OutgoingHttpHeaders {
  return {
    ...answerHeaders('text/event-stream; charset=utf-8', traceId),
    'cache-control': 'no-cache',
  }
}
