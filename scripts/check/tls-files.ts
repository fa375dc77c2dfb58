/** Whether nginx can read its certificates and keys, and whether they belong together. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Directive } from './nginx-parser.ts'
import type { Problem } from './problem.ts'
import { childrenNamed, walk } from './walk.ts'

/** Returns the files that are missing, unreadable or do not fit; what a variable names is not read. */
export function checkTlsFiles(directives: readonly Directive[]): readonly Problem[] {
  const blocks = [...walk(directives)].map(({ directive }) => directive)
  return blocks.flatMap((block) => {
    const certificates = childrenNamed(block, 'ssl_certificate')
      .filter(isFixed)
      .map(readCertificate)
    const keys = childrenNamed(block, 'ssl_certificate_key').filter(isFixed).map(readKey)
    return [...certificates, ...keys]
      .flatMap(({ problem }) => problem ?? [])
      .concat(
        // As nginx pairs them: the first with the first, the second with the second.
        certificates.flatMap(({ value: certificate }, index) => {
          const key = keys[index]
          if (certificate === undefined || key?.value === undefined) return []
          return certificate.checkPrivateKey(key.value)
            ? []
            : problemAt(key.at, 'is not the key of the certificate')
        }),
      )
  })
}

interface Read<T> {
  readonly at: Directive
  readonly value?: T
  readonly problem?: Problem
}

function isFixed({ args: [path = ''] }: Directive): boolean {
  return !path.includes('$') && !/^(data|engine|store):/.test(path)
}

function readCertificate(at: Directive): Read<X509Certificate> {
  return read(at, (text) => new X509Certificate(text), 'is not a certificate in PEM form')
}

function readKey(at: Directive): Read<KeyObject> {
  return read(
    at,
    (text) => createPrivateKey(text),
    'is not a private key in PEM form without a password',
  )
}

function read<T>(at: Directive, parse: (text: Buffer) => T, complaint: string): Read<T> {
  const text = readOrReason(at.args[0] ?? '')
  if (typeof text === 'string') return { at, problem: problemAt(at, `cannot be read (${text})`) }
  try {
    return { at, value: parse(text) }
  } catch {
    return { at, problem: problemAt(at, complaint) }
  }
}

function readOrReason(path: string): Buffer | string {
  try {
    return readFileSync(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

function problemAt({ file, line, args: [path = ''] }: Directive, message: string): Problem {
  return { file, line, message: `${path} ${message}` }
}
