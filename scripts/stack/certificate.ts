/** The certificate of a run: the operator's own in ssl/<domain>/, else a self-signed one. */

import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { StartFailure } from './start-failure.ts'

export interface Certificate {
  readonly certificate: string
  readonly key: string
  readonly selfSigned: boolean
}

const VALID_DAYS = 397
const RENEW_BEFORE_MS = 30 * 86_400_000

/**
 * Returns the paths of certificate and key for the first domain.
 * @param ssl the checkout's ssl folder
 * @param folder where a self-signed pair is kept; it is renewed 30 days before it ends, and when the
 *   domains change
 */
export async function ensureCertificate(
  ssl: string,
  folder: string,
  domains: readonly string[],
): Promise<Certificate> {
  const own = join(ssl, domains[0] ?? '')
  const ownCertificate = join(own, 'fullchain.crt')
  const ownKey = join(own, 'private.key')
  if (existsSync(ownCertificate) !== existsSync(ownKey)) {
    throw new StartFailure(`${own} needs both fullchain.crt and private.key; one is missing.`)
  }
  if (existsSync(ownCertificate)) {
    return {
      certificate: ownCertificate,
      key: ownKey,
      selfSigned: await isSelfSigned(ownCertificate),
    }
  }
  const certificate = join(folder, 'fullchain.crt')
  const key = join(folder, 'private.key')
  const names = ['localhost', ...domains]
  if (!(await isGood(certificate, key, names))) await makePair(certificate, key, names)
  return { certificate, key, selfSigned: true }
}

/** Browsers warn about such a certificate, so nothing may tell them to insist on it. */
async function isSelfSigned(path: string): Promise<boolean> {
  const text = await readFile(path)
  try {
    const certificate = new X509Certificate(text)
    const { issuer, subject, publicKey } = certificate
    return issuer === subject && certificate.verify(publicKey)
  } catch (error) {
    throw new StartFailure(`${path} is not a certificate in PEM form.`, { cause: error })
  }
}

async function isGood(path: string, key: string, names: readonly string[]): Promise<boolean> {
  if (!existsSync(path) || !existsSync(key)) return false
  const certificate = new X509Certificate(await readFile(path))
  const ends = Date.parse(certificate.validTo)
  return ends - Date.now() > RENEW_BEFORE_MS && names.every((name) => certificate.checkHost(name))
}

async function makePair(certificate: string, key: string, names: readonly string[]): Promise<void> {
  const notAfterDate = new Date(Date.now() + VALID_DAYS * 86_400_000)
  const pair = await generate([{ name: 'commonName', value: names[1] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: alternativeNames(names) },
    ],
  })
  await writeFile(`${key}.new`, pair.private, { mode: 0o600 })
  await writeFile(`${certificate}.new`, pair.cert)
  await rename(`${key}.new`, key)
  await rename(`${certificate}.new`, certificate)
}

function alternativeNames(names: readonly string[]) {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ address }) => !address.includes('%') && !address.startsWith('fe80'))
    .map(({ address }) => address)
  return [
    ...names.map((value) => ({ type: 2 as const, value })),
    ...[...new Set(['127.0.0.1', '::1', ...addresses])].map((ip) => ({ type: 7 as const, ip })),
  ]
}
