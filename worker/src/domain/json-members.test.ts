import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DuplicateMember, jsonMembers } from './json-members.ts'

test('what is not changed stays as it was written', () => {
  const text =
    '{ "a" : 1e400 ,"b":[{"c":1,"c":2}],\n "d":"x\\u0000\\"}" , "e":12345678901234567890}'
  assert.equal(
    jsonMembers(text).with({ d: '"y"', f: 'null' }),
    '{"a" : 1e400,"b":[{"c":1,"c":2}],"d":"y","e":12345678901234567890,"f":null}',
  )
  assert.equal(
    jsonMembers(text).with({ a: undefined, d: undefined, z: undefined, b: '0' }),
    '{"b":0,"e":12345678901234567890}',
  )
  assert.equal(jsonMembers(text).textOf('b'), '[{"c":1,"c":2}]')
  assert.equal(jsonMembers(text).textOf('z'), undefined)
  assert.equal(jsonMembers(' {} ').with({ n: '1' }), '{"n":1}')
})

test('a member is known however its name is written, and only once', () => {
  assert.equal(jsonMembers('{"mod\\u0065l":"a"}').with({ model: '"b"' }), '{"mod\\u0065l":"b"}')
  for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":1}', '{"__proto__":1,"__proto__":2}']) {
    assert.throws(() => jsonMembers(text), DuplicateMember, text)
  }
})

test('any object with any change is the same object with that change', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd e', '"', '\\', '__proto__x')
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.jsonValue()),
      names,
      fc.option(fc.jsonValue(), { nil: undefined }),
      fc.constantFrom(undefined, 1, '\t'),
      (object, name, value, space) => {
        const text = JSON.stringify(object, null, space)
        const json = value === undefined ? undefined : JSON.stringify(value)
        const changed = jsonMembers(text).with({ [name]: json })
        const { [name]: _, ...rest } = object
        const expected = value === undefined ? rest : { ...rest, [name]: value }
        assert.deepEqual(JSON.parse(changed), JSON.parse(JSON.stringify(expected)))
      },
    ),
  )
})
