/** What nginx itself counts. */

import { type NginxStatus, parseNginxStatus } from '../domain/nginx-status.ts'

/** The internal location of stub_status. */
const STATUS_LOCATION = '/_status'

/** Returns nginx's own figures, or undefined if it does not tell them. */
export async function nginxStatus(r: NginxHTTPRequest): Promise<NginxStatus | undefined> {
  const reply = await r.subrequest(STATUS_LOCATION)
  return reply.status === 200 ? parseNginxStatus(reply.responseText ?? '') : undefined
}
