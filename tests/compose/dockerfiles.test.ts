/** The Dockerfiles fit docker-compose.yml and the checkout. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { composeService, interpolations, source } from './compose-file.ts'

const FILES = ['Dockerfile.nginx', 'Dockerfile.worker'] as const

function instructions(file: string, name: string): readonly string[] {
  const found = source(file).matchAll(new RegExp(`^${name} (.+)$`, 'gm'))
  return [...found].map(([, rest = '']) => rest)
}

/** Sources of COPY instructions that come from the checkout. */
function copied(file: string): readonly string[] {
  return instructions(file, 'COPY')
    .filter((rest) => !rest.startsWith('--from='))
    .flatMap((rest) =>
      rest
        .split(' ')
        .filter((part) => !part.startsWith('--'))
        .slice(0, -1),
    )
}

for (const file of FILES) {
  const service = file.slice('Dockerfile.'.length)

  test(`${file}: its arguments are those of docker-compose.yml, with the same defaults`, () => {
    const { build } = composeService(service)
    assert.equal(build?.dockerfile, file)
    const declared = new Map(
      instructions(file, 'ARG').map((rest) => {
        const [name = '', fallback = ''] = rest.split('=', 2)
        return [name, fallback] as const
      }),
    )
    assert.deepEqual([...declared.keys()].sort(), Object.keys(build.args).sort())
    for (const text of Object.values(build.args)) {
      const [{ name = '', fallback = '' } = {}] = interpolations(text)
      assert.equal(declared.get(name), fallback, name)
    }
  })

  test(`${file}: base images come from arguments`, () => {
    const bases = instructions(file, 'FROM').map((rest) => rest.split(' ')[0] ?? '')
    for (const base of bases) assert.match(base, /^\$\{[A-Z_]+_IMAGE\}$/)
  })

  test(`${file}: what it copies exists and is let through by .dockerignore`, () => {
    const allowed = source('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
    for (const path of copied(file)) {
      assert.ok(existsSync(join(CHECKOUT, path)), path)
      const isAllowed = allowed.some((line) => `${path}/`.startsWith(`${line.slice(1)}/`))
      assert.ok(isAllowed, `${path} is not in .dockerignore's exceptions`)
    }
  })

  test(`${file}: neither runs as root nor holds the stand-in, tests or keys`, () => {
    assert.equal(instructions(file, 'USER').at(-1), composeService(service).user)
    for (const path of copied(file)) assert.doesNotMatch(path, /^(tests|ssl|\.env|\.data|\.$)/)
  })
}

test('nginx is stopped by the signal that lets it finish', () => {
  assert.deepEqual(instructions('Dockerfile.nginx', 'STOPSIGNAL'), ['SIGQUIT'])
})
