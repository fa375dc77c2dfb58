/** Lets this process' own fetch believe a stack's certificate, as an operator's machine would. */

import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { Plan } from '../../scripts/stack/plan.ts'

/** The variable for it, NODE_EXTRA_CA_CERTS, is read before there is a stack. */
export function trust({ layout }: Plan): void {
  const certificate = readFileSync(`${layout.tls}/fullchain.crt`, 'utf8')
  const create = tls.createSecureContext
  tls.createSecureContext = (options) => {
    const made = create(options)
    made.context.addCACert(certificate)
    return made
  }
}
