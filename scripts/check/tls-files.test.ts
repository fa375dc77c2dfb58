import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { ensureCertificate } from '../stack/certificate.ts'
import { tempFolder } from '../test/temp-folder.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { checkTlsFiles } from './tls-files.ts'

const folder = tempFolder()
const at = (name: string) => join(folder, name)
let pair = { certificate: '', key: '' }
let otherKey = ''

before(async () => {
  pair = await ensureCertificate(folder, folder, ['a.example'])
  const other = tempFolder()
  otherKey = (await ensureCertificate(other, other, ['b.example'])).key
  writeFileSync(at('text.pem'), 'no certificate\n')
})

function problemsWith(certificate: string, key: string): readonly string[] {
  const source = `http {\nssl_certificate ${certificate};\nssl_certificate_key ${key};\n}`
  return checkTlsFiles(parseNginx(source, 'x.conf'))
    .map(formatProblem)
    .map((problem) => problem.replaceAll(`${folder}/`, ''))
}

test('a certificate and its key are in order', () => {
  assert.deepEqual(problemsWith(pair.certificate, pair.key), [])
})

test('files that are not there are told, each with its line', () => {
  assert.deepEqual(problemsWith(at('none.crt'), at('none.key')), [
    'x.conf:2: none.crt cannot be read (ENOENT)',
    'x.conf:3: none.key cannot be read (ENOENT)',
  ])
})

test('files that are something else are told', () => {
  assert.deepEqual(problemsWith(at('text.pem'), at('text.pem')), [
    'x.conf:2: text.pem is not a certificate in PEM form',
    'x.conf:3: text.pem is not a private key in PEM form without a password',
  ])
})

test('a key of another certificate is told', () => {
  assert.deepEqual(problemsWith(pair.certificate, otherKey), [
    `x.conf:3: ${otherKey} is not the key of the certificate`,
  ])
})

test('what a variable names is left alone', () => {
  assert.deepEqual(problemsWith('/certs/$ssl_server_name.crt', 'data:$key'), [])
})
