/** Requests of an operation that are right but for one or two things. */

import fc from 'fast-check'
import {
  HOSTILE_ADDRESSES,
  HOSTILE_HEADERS,
  HOSTILE_JSON,
  HOSTILE_TEXTS,
  MEDIA_TYPES,
  NOT_UTF8,
} from './hostile-texts.ts'
import type { Document, Operation, Parameter } from './openapi.ts'
import { fittingValues, type KnownTexts } from './schema-values.ts'

export interface HostileRequest {
  readonly method: string
  /** Path and query, as they are sent. */
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

/** A request that is being made. */
interface Draft {
  /** Of the path's parameters, as they are sent. */
  readonly params: Readonly<Record<string, string>>
  readonly suffix: string
  readonly query: readonly (readonly [string, string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly value: unknown
  /** The body, once it is no JSON of `value` any more. */
  readonly body: Buffer | undefined
}

type Change = (draft: Draft) => Draft

const JSON_HEADER = { 'Content-Type': 'application/json' }
const TOO_LARGE = 300_000

/** Returns what draws requests. @param known see schema-values.ts */
export function hostileRequests(
  document: Document,
  operation: Operation,
  known: KnownTexts,
): fc.Arbitrary<HostileRequest> {
  const { method, path, parameters = [], requestBody } = operation
  const changes = fc.array(changeOf(operation), { minLength: 1, maxLength: 2 })
  return fc.tuple(fittingDraft(), changes).map(([draft, all]) => {
    const { params, suffix, query, headers, value, body } = all.reduce((at, one) => one(at), draft)
    const text = value === undefined ? undefined : Buffer.from(JSON.stringify(value))
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
    const search = query.map((pair) => pair.join('=')).join('&')
    const request: HostileRequest = {
      method,
      address: `${address}${suffix}${search === '' ? '' : `?${search}`}`,
      headers,
      body: body ?? text,
    }
    return Object.assign(request, { [fc.toStringMethod]: () => shown(request) })
  })

  function fittingDraft(): fc.Arbitrary<Draft> {
    const textOf = ({ schema }: Parameter) =>
      fittingValues(document, schema, known).map((value) => encodeURIComponent(String(value)))
    const placed = (place: Parameter['in']) => parameters.filter((one) => one.in === place)
    const record = (place: Parameter['in']) =>
      fc.record(Object.fromEntries(placed(place).map((one) => [one.name, textOf(one)])), {
        requiredKeys: placed(place).flatMap(({ name, required }) => (required ? [name] : [])),
        noNullPrototype: true,
      })
    const schema = requestBody?.content['application/json']?.schema
    return fc.record({
      params: record('path') as fc.Arbitrary<Record<string, string>>,
      suffix: fc.constant(''),
      query: record('query').map((query) =>
        Object.entries(query).map(([k, v]) => [k, String(v)] as const),
      ),
      headers: fc.constant<Record<string, string>>(schema === undefined ? {} : JSON_HEADER),
      value: schema === undefined ? fc.constant(undefined) : fittingValues(document, schema, known),
      body: fc.constant(undefined),
    })
  }
}

/** A long body is told by its beginning. */
function shown({ method, address, headers, body }: HostileRequest): string {
  const text = body === undefined ? '' : `${body.length} bytes: ${body.subarray(0, 400)}`
  return `${method} ${address.slice(0, 400)} ${JSON.stringify(headers).slice(0, 400)} ${text}`
}

function changeOf({ parameters = [], requestBody }: Operation): fc.Arbitrary<Change> {
  const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name)
  const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name)
  return fc.oneof(
    { weight: requestBody === undefined ? 1 : 12, arbitrary: bodyChange() },
    { weight: 3, arbitrary: queryChange([...names, 'limit', '__proto__', '', '%00', 'a[]']) },
    { weight: inPath.length === 0 ? 0 : 4, arbitrary: paramChange(inPath) },
    { weight: 1, arbitrary: suffixChange },
    { weight: 2, arbitrary: headerChange },
  )
}

const piece = fc.oneof(fc.constantFrom(...HOSTILE_JSON), fc.json({ maxDepth: 3 }))
const keys = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string())
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const address = fc.oneof(
  fc.constantFrom(...HOSTILE_ADDRESSES),
  fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(Buffer.from(text).toString())),
)

const headerChange: fc.Arbitrary<Change> = fc
  .constantFrom(...HOSTILE_HEADERS)
  .map((more) => (draft) => ({ ...draft, headers: { ...draft.headers, ...more } }))

const suffixChange: fc.Arbitrary<Change> = fc
  .constantFrom('/', '//', '/..', '%00', '/%2e%2e', ';x=1', '.json', '/1/2/3', '%20', '/x')
  .map((suffix) => (draft) => ({ ...draft, suffix }))

function queryChange(names: readonly string[]): fc.Arbitrary<Change> {
  return fc
    .tuple(fc.constantFrom(...names), fc.array(address, { minLength: 1, maxLength: 3 }))
    .map(([name, values]) => (draft) => {
      const others = draft.query.filter(([other]) => other !== name)
      return { ...draft, query: [...others, ...values.map((value) => [name, value] as const)] }
    })
}

function paramChange(names: readonly string[]): fc.Arbitrary<Change> {
  return fc.tuple(fc.constantFrom('', ...names), address).map(([name, value]) => (draft) => ({
    ...draft,
    params: { ...draft.params, [name]: value },
  }))
}

function bodyChange(): fc.Arbitrary<Change> {
  const bytesOf = ({ body, value }: Draft) => body ?? Buffer.from(JSON.stringify(value ?? {}))
  const withText =
    (change: (text: string, draft: Draft) => string): Change =>
    (draft) => ({
      ...draft,
      headers: { ...JSON_HEADER, ...draft.headers },
      body: Buffer.from(change(bytesOf(draft).toString('utf8'), draft)),
    })
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(place, piece).map(([at, json]) => withText(plant(at, json))) },
    fc.tuple(keys, piece).map(([key, json]) => withText(prepend(JSON.stringify(key), json))),
    fc.tuple(place, piece).map(([at, json]) => withText(repeat(at, json))),
    place.map((at) => withText((text) => leaveOut(at, text))),
    piece.map((json) => withText(() => json)),
    place.map((at) => withText((text) => text.slice(0, at * text.length))),
    fc.constantFrom('}', ',{}', '\u0000', '//', 'x').map((end) => withText((text) => text + end)),
    fc.constant(withText(prepend('"filler"', JSON.stringify('x'.repeat(TOO_LARGE))))),
    fc.tuple(place, fc.constantFrom(...NOT_UTF8)).map(
      ([at, bytes]): Change =>
        (draft) => {
          const all = bytesOf(draft)
          const cut = Math.floor(at * all.length)
          const body = Buffer.concat([all.subarray(0, cut), Buffer.from(bytes), all.subarray(cut)])
          return { ...draft, headers: { ...JSON_HEADER, ...draft.headers }, body }
        },
    ),
    fc.constantFrom(...MEDIA_TYPES).map(
      (type): Change =>
        (draft) => {
          const { 'Content-Type': _type, ...headers } = draft.headers
          const typed = type === undefined ? headers : { ...headers, 'Content-Type': type }
          return { ...draft, headers: typed, body: bytesOf(draft) }
        },
    ),
  )
}

/** Puts a piece of JSON in the place of some value of the body. */
function plant(at: number, json: string): (text: string, draft: Draft) => string {
  return (text, { value }) => {
    const places = placesIn(value)
    const chosen = places[Math.floor(at * places.length)]
    if (chosen === undefined) return text
    const mark = JSON.stringify(`mark ${at}`)
    return JSON.stringify(replaced(value, chosen, `mark ${at}`)).replace(mark, () => json)
  }
}

function prepend(key: string, json: string): (text: string) => string {
  return (text) => (text.startsWith('{"') ? `{${key}:${json},${text.slice(1)}` : `{${key}:${json}}`)
}

/** Gives a field a second time, before or after. */
function repeat(at: number, json: string): (text: string, draft: Draft) => string {
  return (text, { value }) => {
    const fields = Object.keys(Object(value))
    const field = JSON.stringify(fields[Math.floor(at * fields.length)] ?? 'a')
    if (at < 0.5 || !text.startsWith('{"')) return prepend(field, json)(text)
    return `${text.slice(0, -1)},${field}:${json}}`
  }
}

function leaveOut(at: number, text: string): string {
  try {
    const entries = Object.entries(JSON.parse(text))
    return JSON.stringify(Object.fromEntries(entries.toSpliced(Math.floor(at * entries.length), 1)))
  } catch {
    return text.slice(1)
  }
}

type Place = readonly string[]

function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    [key],
    ...placesIn(inner).map((place) => [key, ...place]),
  ])
}

function replaced(value: unknown, [key, ...rest]: Place, by: string): unknown {
  if (key === undefined) return by
  const inner = (value as Record<string, unknown>)[key]
  const changed = replaced(inner, rest, by)
  if (Array.isArray(value)) return value.with(Number(key), changed)
  return { ...(value as object), [key]: changed }
}
