/** The floor (floor.js): what the least possible scripts cost, in servers of their own. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePolicies } from '#contract/limit-policy.ts'
import { admissionArguments } from '../../njs/src/domain/admission.ts'
import { asciiCommand } from '../../njs/src/domain/resp-encode.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Refusal } from './refusal.ts'

/** Memory of the floor's own; what it remembers the gate must not find. */
export const FLOOR_ZONES = `
js_shared_dict_zone zone=floor_sessions:1M timeout=60s evict;
js_shared_dict_zone zone=floor_refusals:1M timeout=60s evict;
js_shared_dict_zone zone=floor_slots:16M type=number timeout=60s evict;`

/** Stand for what differs from request to request; as long as what they stand for. */
const UID = '\uE000'
const HASH = '\uE001'.repeat(64)
const ID = '\uE002'.repeat(32)
const GAP = /[\uE000-\uE002]+/

const LONGEST_UID = 6

/**
 * Writes the script with its settings into a folder.
 * @param policies what POST /api/chat counts
 * @param sha SHA-1 of admit.lua, which Redis knows
 */
export async function writeFloor(
  folder: string,
  plan: Plan,
  policies: string,
  sha: string,
  refusals: { readonly unauthenticated: Refusal; readonly overLimit: Refusal },
): Promise<void> {
  const script = await readFile(join(CHECKOUT, 'bench/gate/floor.js'), 'utf8')
  const { headers } = refusals.overLimit
  const settings = {
    cookie: `${plan.settings.cookieName}=`,
    secret: plan.gate.sessionSecrets,
    question: Array.from({ length: LONGEST_UID + 1 }, (_, length) =>
      questionParts(UID.repeat(length), policies, sha),
    ),
    unauthenticated: aroundId(refusals.unauthenticated),
    overLimit: {
      ...aroundId(refusals.overLimit),
      policy: headers['ratelimit-policy'],
      state: headers['ratelimit'],
      wait: headers['retry-after'],
    },
  }
  const text = script.replace('= FLOOR', () => `= ${JSON.stringify(settings)}`)
  await writeFile(join(folder, 'floor.js'), text, { mode: 0o600 })
}

function questionParts(uid: string, policies: string, sha: string): readonly string[] {
  const words = admissionArguments({
    requestId: ID,
    credential: { kind: 'session', uid, hash: HASH },
    idleSeconds: 7 * 86_400,
    absoluteSeconds: 30 * 86_400,
    policies: parsePolicies(policies).map((policy) => {
      return { policy, subject: `u:${uid}`, ownName: policy.name }
    }),
  })
  return asciiCommand(['EVALSHA', sha, ...words]).split(GAP)
}

function aroundId({ body }: Refusal): { readonly before: string; readonly after: string } {
  const [before = '', after = ''] = body.split('$request_id')
  return { before, after }
}
