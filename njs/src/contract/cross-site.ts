/**
 * The cross-site rule (CSRF), the same at the gate and in the worker: browsers say where a request
 * comes from in Sec-Fetch-Site (W3C Fetch Metadata) or, older ones, in Origin.
 */

/** Returns true if the method changes nothing (RFC 9110 §9.2.1) and so needs no check. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

export interface RequestOrigin {
  readonly method: string
  readonly secFetchSite: string | undefined
  readonly origin: string | undefined
  /** The Host header: host and, unless it is the scheme's own, port. */
  readonly host: string | undefined
}

/**
 * Returns true if the request may act: Sec-Fetch-Site `same-origin` or `none` passes and any other
 * value does not; without it Origin's host and port must equal Host; without both the client is no
 * browser and carries no cookies against its user's will.
 */
export function isSameSite(request: RequestOrigin): boolean {
  if (isSafeMethod(request.method)) return true
  if (request.secFetchSite !== undefined) {
    return request.secFetchSite === 'same-origin' || request.secFetchSite === 'none'
  }
  if (request.origin === undefined) return true
  return (
    request.host !== undefined &&
    request.origin.toLowerCase() === `https://${request.host.toLowerCase()}`
  )
}

/**
 * Returns true if GET /logout may act: not for another site's link or image, nor for a prefetch.
 */
export function mayLogOutByGet(
  secFetchSite: string | undefined,
  secPurpose: string | undefined,
): boolean {
  if (secPurpose?.includes('prefetch') === true) return false
  return secFetchSite === undefined || secFetchSite === 'same-origin' || secFetchSite === 'none'
}
