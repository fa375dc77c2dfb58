/**
 * Provider keys at rest: AES-256-GCM with a random 96-bit IV, bound to the row by the associated data
 * `api_keys|key_cipher|<row id>|<key id>`, so that a value copied to another row does not open.
 * Stored as `v1.<key id>.<iv>.<ciphertext>.<tag>`, the last three base64url.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from '../env-values.ts'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

/** Why a stored value does not open. */
export type KeyCipherFault = 'malformed' | 'unknown_key' | 'tampered'

export class KeyCipherError extends Error {
  readonly fault: KeyCipherFault

  constructor(fault: KeyCipherFault, options?: { cause?: unknown }) {
    super(`stored key does not open: ${fault}`, options)
    this.name = 'KeyCipherError'
    this.fault = fault
  }
}

/** Returns the text to store for a provider key, encrypted with the ring's current key. */
export function encryptKey(ring: KeyRing, rowId: string, plain: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, secretOf(ring, ring.currentId), iv)
  cipher.setAAD(associatedData(rowId, ring.currentId))
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  const parts = [iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))
  return ['v1', ring.currentId, ...parts].join('.')
}

/**
 * Returns the provider key of a stored text; any key of the ring may have encrypted it.
 * @throws {KeyCipherError} if the text is malformed, its key is not in the ring, or it was changed
 */
export function decryptKey(ring: KeyRing, rowId: string, stored: string): string {
  const [version, kid = '', ...parts] = stored.split('.')
  const [iv, text, tag] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (version !== 'v1' || parts.length !== 3 || iv?.length !== IV_BYTES) {
    throw new KeyCipherError('malformed')
  }
  if (text === undefined || tag?.length !== TAG_BYTES) throw new KeyCipherError('malformed')
  const decipher = createDecipheriv(ALGORITHM, secretOf(ring, kid), iv, {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associatedData(rowId, kid))
  decipher.setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new KeyCipherError('tampered', { cause })
  }
}

function associatedData(rowId: string, kid: string): Buffer {
  return Buffer.from(`api_keys|key_cipher|${rowId}|${kid}`)
}

function secretOf(ring: KeyRing, kid: string): Buffer {
  const secret = ring.keys.get(kid)
  if (secret === undefined) throw new KeyCipherError('unknown_key')
  return secret
}
