import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { problemStatus } from '#contract/problem.ts'
import { publicLocations } from '../../tests/support/nginx-locations.ts'
import {
  codesOf,
  type Document,
  type Operation,
  operationsIn,
} from '../../tests/support/openapi.ts'
import { createApp } from './app.ts'
import { fakeDeps, testEnv } from './fake-deps.ts'
import { openApiDocument } from './openapi.ts'
import { problemsOf } from './openapi-errors.ts'
import { isLimited } from './openapi-headers.ts'
import type { OperationSpec } from './routes/operation.ts'
import { allOperations } from './routes/operations.ts'

const SPECS = allOperations(testEnv())

/** The document as it is sent. */
function document(specs: readonly OperationSpec[] = SPECS): Document {
  return JSON.parse(JSON.stringify(openApiDocument(specs)))
}

/** For who starts and watches the worker, and for the gate: nginx leads nobody else there. */
const INSIDE = /^\/(?:healthz|readyz|internal\/\w+)$/

interface Route {
  readonly method: string
  readonly path: string
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`

/** Returns the routes that are not documented, and the operations that nothing serves. */
function differences(routes: readonly Route[], operations: readonly Operation[]) {
  const served = routes
    .filter(({ method, path }) => method !== 'ALL' && !INSIDE.test(path))
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:(\w+)/g, '{$1}') }))
    .map(nameOf)
  const told = operations.map(nameOf)
  return {
    undocumented: served.filter((name) => !told.includes(name)),
    unserved: told.filter((name) => !served.includes(name)),
  }
}

test('every route is in the document, and what is in the document is served', () => {
  const { routes } = createApp(fakeDeps())
  assert.ok(routes.length > 20)
  assert.deepEqual(differences(routes, operationsIn(document())), {
    undocumented: [],
    unserved: [],
  })
})

test('a route too many and an operation too many are found', () => {
  const app = createApp(fakeDeps())
  const [first, ...others] = SPECS
  assert.ok(first !== undefined)
  app.get('/api/planted/:id', (c) => c.body(null))
  const operations = operationsIn(document([...others, { ...first, path: '/api/never' }]))
  const found = differences(app.routes, operations)
  assert.ok(found.undocumented.includes('GET /api/planted/{id}'))
  assert.ok(found.undocumented.includes(`${first.method.toUpperCase()} ${first.path}`))
  assert.deepEqual(found.unserved, [`${first.method.toUpperCase()} /api/never`])
})

const validate = (text: unknown) => new Validator().validate(JSON.parse(JSON.stringify(text)))

test('the document is valid OpenAPI 3.1, in which nothing refers to nothing', async () => {
  const whole = document()
  const { version, description }: Record<string, string> = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  assert.equal(whole.openapi, '3.1.1')
  assert.equal(whole.info.version, version)
  assert.match(JSON.stringify(whole.info), new RegExp(String(description)))
  assert.deepEqual(await validate(whole), { valid: true })
  const text = JSON.stringify(whole)
  for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = path
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], whole)
    assert.ok(found !== undefined, path)
  }
  const { info: _info, ...without } = whole
  assert.equal((await validate(without)).valid, false)
})

test('operations are told apart by their names, and their parameters are those of the address', () => {
  const whole = document()
  const operations = operationsIn(whole)
  const ids = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(ids).size, ids.length)
  const tags = whole.tags.map(({ name }) => name)
  for (const { operationId, tags: own, path, parameters = [], security } of operations) {
    assert.match(operationId, /^[a-z][A-Za-z0-9]+$/)
    assert.ok(own.every((tag) => tags.includes(tag)))
    assert.deepEqual(
      parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      operationId,
    )
    const schemes = security.flatMap((way) => Object.keys(way))
    assert.ok(schemes.every((name) => name in whole.components.securitySchemes))
  }
})

test('each operation tells its errors by status, in words of a closed list', () => {
  const whole = document()
  const operations = operationsIn(whole)
  for (const spec of SPECS.filter(({ access }) => access !== 'program')) {
    const operation = operations.find(({ operationId }) => operationId === spec.id)
    assert.ok(operation !== undefined, spec.id)
    for (const code of problemsOf(spec)) {
      assert.ok(codesOf(whole, operation, problemStatus(code)).includes(code), `${spec.id} ${code}`)
    }
  }
})

/** Handlers of js_access by who may use an operation. */
const GUARDS: Readonly<Record<OperationSpec['access'], readonly string[]>> = {
  open: ['open', 'logout'],
  user: ['api'],
  admin: ['api'],
  program: ['token'],
}

/** nginx/conf.d/limits.conf: of these limits some methods are free. */
const FREE: Readonly<Record<string, (method: string) => boolean>> = {
  $gate_limit_api: (method) => method === 'get',
  $gate_limit_chat_post: (method) => method !== 'post',
}

test('nginx leads each operation to the worker, past the guard and the limit that it tells of', () => {
  const locationFor = publicLocations()
  for (const spec of SPECS) {
    const path = spec.path.replace('{generation_id}', '0'.repeat(32)).replaceAll(/\{\w+\}/g, '1')
    const { title, guard, settings, isForWorker } = locationFor(spec.method.toUpperCase(), path)
    const what = `${spec.id}: ${title}`
    assert.ok(isForWorker, what)
    assert.ok(guard !== undefined && GUARDS[spec.access].includes(guard), what)
    assert.equal(settings['gate_role'] === 'admin', spec.access === 'admin', what)
    const { gate_limit: limit = '' } = settings
    const isFree = limit === '' || FREE[limit]?.(spec.method) === true
    assert.equal(isLimited(spec), !isFree, what)
  }
})
