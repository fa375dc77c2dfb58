import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSendKey, isStopKey } from './keys.ts'

const enter = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 }
const esc = { key: 'Escape', shiftKey: false, isComposing: false, keyCode: 27 }

test('Enter sends, Shift+Enter and other keys do not', () => {
  assert.equal(isSendKey(enter), true)
  assert.equal(isSendKey({ ...enter, shiftKey: true }), false)
  assert.equal(isSendKey({ ...enter, key: 'a', keyCode: 65 }), false)
})

test('the Enter and Escape of an input method mean nothing here, in Safari either', () => {
  assert.equal(isSendKey({ ...enter, isComposing: true }), false)
  assert.equal(isSendKey({ ...enter, keyCode: 229 }), false)
  assert.equal(isStopKey({ ...esc, keyCode: 229 }), false)
  assert.equal(isStopKey(esc), true)
})
