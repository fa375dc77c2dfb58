/**
 * The question to admit.lua as Redis reads it, with gaps for what differs from request to request. What
 * is the same for all requests of a location is put together once, as every word costs QuickJS more
 * than Redis takes for the whole script.
 */

import { admissionArguments } from './admission.ts'
import { bindPolicies, type SubjectPolicy } from './bound-policy.ts'
import type { Credential } from './credential.ts'
import { asciiCommand } from './resp-encode.ts'

/** What the location says. */
export interface AdmissionTerms {
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  readonly policies: readonly SubjectPolicy[]
}

/** Stand for one character each of what goes into a gap; nothing else contains them. */
const UID = '\uE000'
const HASH = '\uE001'
const ADDRESS = '\uE002'
const REQUEST_ID = '\uE003'
const GAP = /[\uE000-\uE003]+/

const REQUEST_ID_LENGTH = 32
const HASH_LENGTH = 64

/** Longer than any user's id and any address with `ip:` in front. */
const MAX_UID = 32
const MAX_ADDRESS = 64

interface Frame {
  /** One more than there are gaps. */
  readonly texts: readonly string[]
  /** UID, HASH, ADDRESS or REQUEST_ID. */
  readonly gaps: readonly string[]
}

/** All frames of one location: one for each kind of credential and length of what is inserted. */
export class AdmissionFrames {
  readonly #script: readonly string[]
  readonly #terms: AdmissionTerms
  readonly #frames = new Map<number, Frame>()

  /** @param script the command's first words: `EVALSHA` and the script's name */
  constructor(script: readonly string[], terms: AdmissionTerms) {
    this.#script = script
    this.#terms = terms
  }

  /**
   * Returns the question; all of it is ASCII.
   * @param requestId 32 hex digits
   * @param address `ip:<address>`, or empty if no policy of the location counts addresses
   */
  question(requestId: string, credential: Credential | undefined, address: string): string {
    const uid = credential === undefined ? '' : credential.uid
    const hash = credential === undefined ? '' : credential.hash
    const { texts, gaps } = this.#frame(credential?.kind, uid.length, address.length)
    const parts = [texts[0]]
    for (let index = 0; index < gaps.length; index++) {
      const gap = gaps[index]
      parts.push(
        gap === UID ? uid : gap === HASH ? hash : gap === ADDRESS ? address : requestId,
        texts[index + 1],
      )
    }
    return parts.join('')
  }

  /**
   * Returns the texts around a session's uid, hash, uid, the uids of the policies and the request id, of
   * a location that counts nothing but users.
   */
  sessionTexts(uidLength: number): readonly string[] {
    return this.#makeFrame('session', uidLength, 0).texts
  }

  #frame(kind: Credential['kind'] | undefined, uidLength: number, addressLength: number): Frame {
    const kindNumber = kind === undefined ? 0 : kind === 'session' ? 1 : 2
    const key = (kindNumber * MAX_UID + uidLength) * MAX_ADDRESS + addressLength
    let frame = this.#frames.get(key)
    if (frame === undefined) {
      frame = this.#makeFrame(kind, uidLength, addressLength)
      this.#frames.set(key, frame)
    }
    return frame
  }

  #makeFrame(
    kind: Credential['kind'] | undefined,
    uidLength: number,
    addressLength: number,
  ): Frame {
    const credential = kind && {
      kind,
      uid: UID.repeat(uidLength),
      hash: HASH.repeat(HASH_LENGTH),
    }
    const { policies, ...terms } = this.#terms
    const words = admissionArguments({
      ...terms,
      requestId: REQUEST_ID.repeat(REQUEST_ID_LENGTH),
      credential,
      policies: bindPolicies(policies, credential, ADDRESS.repeat(addressLength)),
    })
    const command = asciiCommand([...this.#script, ...words])
    const gaps = command.match(new RegExp(GAP, 'g')) ?? []
    return { texts: command.split(GAP), gaps: gaps.map((gap) => gap.charAt(0)) }
  }
}
