import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../test/temp-folder.ts'
import { readStackSettings } from './settings.ts'

function settingsOf(source: Readonly<Record<string, string>>) {
  const result = readStackSettings({ HOME: '/home/somebody', ...source })
  assert.ok('settings' in result, JSON.stringify(result))
  return result.settings
}

test('without any setting the defaults hold', () => {
  const settings = settingsOf({})
  assert.equal(settings.httpsPort, 8443)
  assert.equal(settings.httpPort, 8080)
  assert.equal(settings.cookieName, '__Host-sid')
  assert.deepEqual(settings.domains, ['guopengfei.top'])
  assert.deepEqual(settings.flood, { rate: '100r/s', burst: 400 })
  assert.deepEqual(settings.trustedProxies, [])
})

test('another port has a cookie of its own', () => {
  assert.equal(settingsOf({ CHATGATE_HTTPS_PORT: '9443' }).cookieName, '__Host-sid-9443')
})

test('every problem is named at once, none of them by its value', () => {
  const result = readStackSettings({
    CHATGATE_HTTPS_PORT: '70000',
    CHATGATE_HTTP_PORT: 'x',
    GATE_LIMIT_CHAT: 'chat;q=5',
    GATE_LIMIT_STREAMS: '2001',
    GATE_SERVER_TIMING: 'yes',
    GATE_FLOOD: 'fast',
    GATE_TRUSTED_PROXIES: '10.0.0.0/33',
    CHATGATE_DOMAIN: 'not a domain',
    GATE_SESSION_IDLE: '7',
  })
  assert.ok('problems' in result)
  const names = result.problems.map((problem) => problem.split(' ')[0]).sort()
  assert.deepEqual(names, [
    'CHATGATE_DOMAIN',
    'CHATGATE_HTTPS_PORT',
    'CHATGATE_HTTP_PORT',
    'GATE_FLOOD',
    'GATE_LIMIT_CHAT',
    'GATE_LIMIT_STREAMS',
    'GATE_SERVER_TIMING',
    'GATE_SESSION_IDLE',
    'GATE_TRUSTED_PROXIES',
  ])
})

test('two parts cannot have one port', () => {
  const result = readStackSettings({ CHATGATE_HTTP_PORT: '8443' })
  assert.ok('problems' in result)
  assert.match(result.problems[0] ?? '', /CHATGATE_HTTP_PORT must not be the same port as/)
})

test('a setting may stand in a file, but not in both places', () => {
  const file = join(tempFolder(), 'limit')
  writeFileSync(file, '"chat";q=7;w=60\n')
  assert.equal(
    settingsOf({ GATE_LIMIT_CHAT_FILE: file }).limits['GATE_LIMIT_CHAT'],
    '"chat";q=7;w=60',
  )
  const both = readStackSettings({ GATE_LIMIT_CHAT_FILE: file, GATE_LIMIT_CHAT: '"chat";q=1;w=1' })
  assert.ok('problems' in both)
})
