import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../test/temp-folder.ts'
import { ensureCertificate } from './certificate.ts'
import { StartFailure } from './start-failure.ts'

test('without a pair of the operator one is made, and kept', async () => {
  const [ssl, own] = [tempFolder(), tempFolder()]
  const first = await ensureCertificate(ssl, own, ['chat.example'])
  assert.equal(first.selfSigned, true)
  const certificate = new X509Certificate(readFileSync(first.certificate))
  for (const name of ['localhost', 'chat.example']) assert.ok(certificate.checkHost(name), name)
  assert.ok(certificate.checkIP('127.0.0.1'))
  assert.equal(statSync(first.key).mode & 0o077, 0)
  const before = readFileSync(first.certificate, 'utf8')
  await ensureCertificate(ssl, own, ['chat.example'])
  assert.equal(readFileSync(first.certificate, 'utf8'), before)
  await ensureCertificate(ssl, own, ['other.example'])
  assert.notEqual(readFileSync(first.certificate, 'utf8'), before)
})

test("the operator's pair is used; one that signed itself is known as such", async () => {
  const [ssl, own, made] = [tempFolder(), tempFolder(), tempFolder()]
  const pair = await ensureCertificate(tempFolder(), made, ['chat.example'])
  mkdirSync(join(ssl, 'chat.example'))
  copyFileSync(pair.certificate, join(ssl, 'chat.example/fullchain.crt'))
  copyFileSync(pair.key, join(ssl, 'chat.example/private.key'))
  const used = await ensureCertificate(ssl, own, ['chat.example'])
  assert.equal(used.certificate, join(ssl, 'chat.example/fullchain.crt'))
  assert.equal(used.selfSigned, true)
})

test('half a pair is refused by name', async () => {
  const [ssl, own] = [tempFolder(), tempFolder()]
  const pair = await ensureCertificate(tempFolder(), tempFolder(), ['chat.example'])
  mkdirSync(join(ssl, 'chat.example'))
  copyFileSync(pair.certificate, join(ssl, 'chat.example/fullchain.crt'))
  await assert.rejects(ensureCertificate(ssl, own, ['chat.example']), StartFailure)
})

test('what is no certificate is refused by name', async () => {
  const ssl = tempFolder()
  mkdirSync(join(ssl, 'chat.example'))
  for (const name of ['fullchain.crt', 'private.key']) {
    writeFileSync(join(ssl, 'chat.example', name), 'nonsense')
  }
  await assert.rejects(
    ensureCertificate(ssl, tempFolder(), ['chat.example']),
    /fullchain\.crt is not/,
  )
})
