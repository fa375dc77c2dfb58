import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FALLBACK_MODELS, parseModelList } from './model-list.ts'

test("DeepSeek's list is read with names and one default", () => {
  const text = JSON.stringify({
    object: 'list',
    data: [
      { id: 'deepseek-v4-pro', object: 'model', owned_by: 'deepseek', name: 'DeepSeek-V4-Pro' },
      { id: 'deepseek-flash', object: 'model', output_modalities: ['text'] },
      { id: 'deepseek-draw', object: 'model', output_modalities: ['image'] },
    ],
  })
  assert.deepEqual(parseModelList(text), [
    { id: 'deepseek-v4-pro', name: 'DeepSeek-V4-Pro', default: false },
    { id: 'deepseek-flash', name: 'deepseek-flash', default: true },
  ])
})

test('without the usual default the first model is it', () => {
  const text = JSON.stringify({ data: [{ id: 'a/b:c' }, { id: 'd' }] })
  assert.deepEqual(
    parseModelList(text).map((model) => model.default),
    [true, false],
  )
})

test('what is no list gives no models', () => {
  for (const text of ['', '[]', '{}', '{"data":{}}', '{"data":[1,{},{"id":"bad id"}]}', '<html>']) {
    assert.deepEqual(parseModelList(text), [], text)
  }
})

test('the fallback has exactly one default', () => {
  assert.deepEqual(
    FALLBACK_MODELS.filter((model) => model.default).map(({ id }) => id),
    ['deepseek-flash'],
  )
})
