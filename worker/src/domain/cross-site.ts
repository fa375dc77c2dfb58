/** Cross-site request forgery: which requests may act in the name of a session. */

export interface RequestOrigin {
  readonly method: string
  /** Sec-Fetch-Site: set by every current browser, out of reach of scripts. */
  readonly secFetchSite: string | undefined
  readonly origin: string | undefined
  readonly host: string | undefined
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Returns true if the request comes from another site and its method changes things. Sec-Fetch-Site
 * decides if it is there; else the Origin must name the host that was asked; a request with neither
 * comes from a program, which no other site can steer.
 */
export function isForged(request: RequestOrigin): boolean {
  if (SAFE_METHODS.has(request.method)) return false
  if (request.secFetchSite !== undefined) return !isOwnFetch(request.secFetchSite)
  if (request.origin === undefined) return false
  return !isSameHost(request.origin, request.host)
}

/**
 * Returns true if a GET that ends a session was meant by the person: a click on our own pages or a
 * typed address, neither a link from elsewhere nor a prefetch.
 */
export function isMeant(secFetchSite: string | undefined, secPurpose: string | undefined): boolean {
  const isPrefetch = (secPurpose ?? '')
    .toLowerCase()
    .split(/[;,\s]+/)
    .includes('prefetch')
  return !isPrefetch && (secFetchSite === undefined || isOwnFetch(secFetchSite))
}

function isOwnFetch(secFetchSite: string): boolean {
  return secFetchSite === 'same-origin' || secFetchSite === 'none'
}

/** Compares host and port; the scheme's default port may be written or left out in either. */
function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false
  try {
    const from = new URL(origin)
    return from.host !== '' && from.host === new URL(`${from.protocol}//${host}`).host
  } catch {
    return false
  }
}
