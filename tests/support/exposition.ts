/** Reads Prometheus text (exposition format 0.0.4) strictly: what is not exactly right throws. */

export interface ExposedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ExposedFamily {
  readonly help: string
  readonly type: string
  readonly samples: readonly ExposedSample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const META = new RegExp(`^# (HELP|TYPE) (${NAME}) (\\S.*)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y
const TYPES = ['counter', 'gauge', 'histogram']

/** Returns the families by name. @throws {SyntaxError} naming the first line that is wrong */
export function readExposition(text: string): ReadonlyMap<string, ExposedFamily> {
  if (!text.endsWith('\n')) throw new SyntaxError('the last line does not end')
  const families = new Map<string, { help: string; type: string; samples: ExposedSample[] }>()
  const series = new Set<string>()
  let current = ''
  let help: { readonly name: string; readonly text: string } | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = META.exec(line) ?? []
    if (kind === 'HELP') {
      if (families.has(name)) throw new SyntaxError(`twice: ${line}`)
      help = { name, text: rest }
    } else if (kind === 'TYPE') {
      if (help?.name !== name) throw new SyntaxError(`no help before: ${line}`)
      if (!TYPES.includes(rest)) throw new SyntaxError(`unknown type: ${line}`)
      families.set(name, { help: help.text, type: rest, samples: [] })
      current = name
      help = undefined
    } else {
      const sample = readSample(line)
      const family = families.get(current)
      if (family === undefined || help !== undefined || !belongs(sample, current, family.type)) {
        throw new SyntaxError(`outside of its family: ${line}`)
      }
      const id = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (series.has(id)) throw new SyntaxError(`twice: ${line}`)
      series.add(id)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) {
    if (family.type === 'counter') checkCounter(name, family.samples)
    if (family.type === 'histogram') checkHistogram(name, family.samples)
  }
  return families
}

function readSample(line: string): ExposedSample {
  const [, name = '', labels = '', number = ''] = SAMPLE.exec(line) ?? []
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(number)) throw new SyntaxError(`no sample: ${line}`)
  return { name, labels: readLabels(labels, line), value: Number(number) }
}

function readLabels(text: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? []
    if (name === '' || name in labels) throw new SyntaxError(`wrong labels: ${line}`)
    labels[name] = value.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char))
  }
  if (text.endsWith(',')) throw new SyntaxError(`wrong labels: ${line}`)
  return labels
}

function belongs({ name }: ExposedSample, family: string, type: string): boolean {
  if (type !== 'histogram') return name === family
  return ['_bucket', '_sum', '_count'].some((part) => name === `${family}${part}`)
}

function checkCounter(name: string, samples: readonly ExposedSample[]): void {
  if (!name.endsWith('_total')) throw new SyntaxError(`a counter named ${name}`)
  for (const { value } of samples) {
    if (!(value >= 0)) throw new SyntaxError(`${name} counts ${value}`)
  }
}

/** One histogram without labels of its own: buckets in order and cumulative, the last one is all. */
function checkHistogram(name: string, samples: readonly ExposedSample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
  const single = (part: string) => samples.find((sample) => sample.name === `${name}_${part}`)
  let [bound, count] = [-1, 0]
  for (const { labels, value } of buckets) {
    const le = labels['le'] === '+Inf' ? Infinity : Number(labels['le'])
    if (!(le > bound) || !(value >= count)) throw new SyntaxError(`buckets of ${name}`)
    ;[bound, count] = [le, value]
  }
  if (bound !== Infinity) throw new SyntaxError(`${name} has no last bucket`)
  if (single('count')?.value !== count) throw new SyntaxError(`count of ${name}`)
  if (!((single('sum')?.value ?? -1) >= 0)) throw new SyntaxError(`sum of ${name}`)
}
