/** Where a person without a session is sent. */

/** Returns the address of the login page that leads back to the page asked for. */
export function loginAddress(target: string): string {
  const isOwnPath = target.startsWith('/') && !target.startsWith('//') && !target.includes('\\')
  if (!isOwnPath || target.length > 512) return '/login'
  return `/login?next=${encodeURIComponent(target)}`
}
