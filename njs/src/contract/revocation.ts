/**
 * What the worker tells the gate to forget at once, in the `X-Gate-Revoke` response header:
 * `<uid>:<hash>` for one session or access token (SHA-256 of its secret part), `<uid>:<epoch>` for every session of an older epoch.
 */

export type Revocation =
  | { readonly kind: 'session'; readonly uid: string; readonly session: string }
  | { readonly kind: 'epoch'; readonly uid: string; readonly epoch: number }

/** Returns the header's value. */
export function formatRevocation(revocation: Revocation): string {
  return revocation.kind === 'session'
    ? `${revocation.uid}:${revocation.session}`
    : `${revocation.uid}:${revocation.epoch}`
}

/** Returns the revocation a header value stands for, or undefined if it is malformed. */
export function parseRevocation(value: string): Revocation | undefined {
  const match = /^([1-9]\d{0,19}):(?:([0-9a-f]{64})|(\d{1,15}))$/.exec(value)
  const uid = match?.[1]
  if (uid === undefined) return undefined
  if (match?.[2] !== undefined) return { kind: 'session', uid, session: match[2] }
  return { kind: 'epoch', uid, epoch: Number(match?.[3]) }
}
