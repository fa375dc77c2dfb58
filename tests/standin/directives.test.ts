import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from './api-error.ts'
import { parseDirectives, withoutDirectives } from './directives.ts'

function refusalOf(line: string): string {
  try {
    parseDirectives(`standin: ${line}`)
  } catch (error) {
    assert.ok(error instanceof ApiError)
    assert.equal(error.status, 400)
    return error.message
  }
  return assert.fail(`accepted: ${line}`)
}

test('every directive is read', () => {
  const given = parseDirectives(
    [
      'What is a black hole?',
      'standin: tokens=7 reasoning=3 tools=2 delay=0 first=20 headers=30 keepalive=0.5 text=word',
      '  standin: stall=4 status=429 retry_after=2 concurrency=3 usage=extra frame=crlf finish=length',
    ].join('\n'),
  )
  assert.deepEqual(given, {
    text: 'word',
    tokens: 7,
    reasoning: 3,
    tools: 2,
    delayMs: 0,
    firstMs: 20,
    headersMs: 30,
    keepaliveMs: 500,
    fault: { kind: 'stall', after: 4 },
    status: 429,
    retryAfterSeconds: 2,
    concurrency: 3,
    usage: 'extra',
    frame: 'crlf',
    finish: 'length',
  })
})

test('a fault may come with the finish chunk instead of a token', () => {
  assert.deepEqual(parseDirectives('standin: reset=finish').fault, {
    ...{ kind: 'reset', after: 'finish' },
  })
  assert.match(refusalOf('cut=end'), /^standin: cut must be a whole number/)
  assert.match(refusalOf('tokens=finish'), /^standin: tokens must be a whole number/)
})

test('a message without directives asks for nothing', () => {
  const given = parseDirectives('Is "standin: x=1" a line of its own?')
  assert.ok(Object.values(given).every((value) => value === undefined))
})

test('a quoted text has spaces and escapes', () => {
  const given = parseDirectives(String.raw`standin: text="a \"b\"\n\tc\\n = 你好" tokens=2`)
  assert.equal(given.text, 'a "b"\n\tc\\n = 你好')
  assert.equal(given.tokens, 2)
  assert.equal(parseDirectives('standin: text=""').text, '')
})

test('any text survives quoting', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const quoted = text
        .replace(/["\\]/g, '\\$&')
        .replace(/\n/g, '\\n')
        .replace(/\r/g, '\\r')
        .replace(/[\u2028\u2029]/g, '')
      const expected = text.replace(/[\u2028\u2029]/g, '')
      assert.equal(parseDirectives(`standin: text="${quoted}"`).text, expected)
    }),
  )
})

test('what cannot be read is refused by name', () => {
  assert.equal(refusalOf('tokns=3'), 'standin: unknown directive tokns')
  assert.equal(refusalOf('tokens=3 tokens=4'), 'standin: tokens is given twice')
  assert.match(refusalOf('tokens=-1'), /^standin: tokens must be a whole number from 0 to 1000000/)
  assert.match(refusalOf('delay='), /^standin: delay must be a whole number/)
  assert.match(refusalOf('keepalive=0'), /^standin: keepalive must be seconds/)
  assert.match(refusalOf('status=418'), /^standin: status must be one of 200, 400, 401/)
  assert.match(refusalOf('frame=CRLF'), /^standin: frame must be one of lf, crlf, bytes/)
  assert.match(refusalOf('usage=late'), /^standin: usage must be one of last, none, early, extra/)
  assert.match(refusalOf('tools=100'), /^standin: tools must be a whole number from 0 to 99/)
  assert.match(refusalOf('finish=done'), /^standin: finish must be one of stop, length/)
  assert.equal(
    refusalOf('cut=1 reset=1'),
    'standin: only one of cut, reset, stall, error can happen',
  )
  assert.equal(refusalOf('retry_after=1'), 'standin: retry_after needs status')
  assert.equal(refusalOf(String.raw`text="\q"`), String.raw`standin: text has an unknown escape \q`)
  assert.equal(refusalOf('text="a'), String.raw`standin: cannot read "text=\"a"`)
  assert.equal(
    refusalOf('tokens=3, delay=0'),
    'standin: tokens must be a whole number from 0 to 1000000, not "3,"',
  )
  assert.equal(refusalOf('fast'), 'standin: cannot read "fast"')
})

test('the question is the message without its directive lines', () => {
  assert.equal(withoutDirectives('Why?\nstandin: tokens=3\nReally?'), 'Why?\n\nReally?')
})
