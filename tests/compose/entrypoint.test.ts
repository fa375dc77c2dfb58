/** nginx/entrypoint.sh, with a stand-in for nginx that takes any configuration but a bad one. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'

const WAIT_MS = 5000

/**
 * Like nginx: `-t` names file and line of what it does not take, `BAD`, and does not take a queue
 * that is no JSON; without `-t` it runs until QUIT and reads its configuration again at HUP.
 */
const FAKE_NGINX = `#!/bin/sh
test= prefix=$2
if [ "$1" = -t ]; then test=yes prefix=$4; fi
for arg; do case $arg in */nginx.conf) conf=\${arg%/nginx.conf};; esac; done
state=$CHATGATE_ROOT/chatgate/nginx-state/gate_log.json
if [ -n "$test" ]; then
    if grep -qn BAD "$conf/rendered/tunables.conf"; then
        echo "nginx: unknown directive BAD in $conf/rendered/tunables.conf:2" >&2; exit 1
    fi
    if [ -e "$state" ] && ! grep -q '^{}' "$state"; then
        echo "nginx: invalid format while loading zone from state file $state" >&2; exit 1
    fi
    exit 0
fi
echo $$ > "$prefix/nginx.pid"
trap 'cp "$conf/rendered/tunables.conf" "$prefix/taken"' HUP
trap 'exit 0' QUIT
cp "$conf/rendered/tunables.conf" "$prefix/taken"
while :; do sleep 0.02; done
`

let root = ''
let running: ChildProcess | undefined

const inRoot = (path: string) => join(root, path)
const environment = () => ({
  CHATGATE_ROOT: root,
  PATH: `${inRoot('bin')}:${process.env['PATH']}`,
})

function template(text: string): void {
  writeFileSync(inRoot('opt/chatgate/nginx/templates/tunables.conf'), `# tunables\n${text}\n`)
}

function taken(): string {
  return readFileSync(inRoot('run/chatgate/taken'), 'utf8').split('\n')[1] ?? ''
}

function run(name: 'chatgate-start' | 'chatgate-reload') {
  return spawnSync(inRoot(`bin/${name}`), { encoding: 'utf8', env: environment() })
}

/** Starts nginx and resolves once it runs. */
async function start(): Promise<void> {
  running = spawn(inRoot('bin/chatgate-start'), { env: environment(), stdio: 'ignore' })
  await waitFor(async () => taken(), WAIT_MS)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chatgate-entrypoint-'))
  const sources = inRoot('opt/chatgate/nginx')
  for (const folder of ['bin', 'chatgate/nginx', 'chatgate/nginx-state']) {
    mkdirSync(inRoot(folder), { recursive: true })
  }
  for (const folder of ['templates', 'conf.d', 'servers', 'snippets']) {
    mkdirSync(join(sources, folder), { recursive: true })
  }
  cpSync(join(CHECKOUT, 'nginx/render.sh'), join(sources, 'render.sh'))
  writeFileSync(join(sources, 'nginx.conf'), '')
  writeFileSync(inRoot('bin/nginx'), FAKE_NGINX)
  for (const name of ['chatgate-start', 'chatgate-reload']) {
    cpSync(join(CHECKOUT, 'nginx/entrypoint.sh'), inRoot(`bin/${name}`))
  }
  for (const name of ['nginx', 'chatgate-start', 'chatgate-reload']) {
    chmodSync(inRoot(`bin/${name}`), 0o755)
  }
  writeFileSync(inRoot('chatgate/nginx/values.env'), 'LIMIT=5\n')
  template(`limit \${LIMIT};`)
})

afterEach(async () => {
  if (running !== undefined && running.exitCode === null) {
    const ended = once(running, 'exit')
    running.kill('SIGQUIT')
    await ended
  }
  running = undefined
  rmSync(root, { recursive: true })
})

test('nginx runs with the templates filled in, as the process that was started', async () => {
  await start()
  assert.equal(taken(), 'limit 5;')
  assert.equal(Number(readFileSync(inRoot('run/chatgate/nginx.pid'), 'utf8')), running?.pid)
})

test('a configuration that nginx does not take ends the start, naming the template', () => {
  template('BAD;')
  const { status, stderr } = run('chatgate-start')
  assert.equal(status, 1)
  assert.match(stderr, /BAD in nginx\/templates\/tunables\.conf:2/)
})

test('a value that is missing ends the start, naming the template', () => {
  template(`limit \${NOWHERE};`)
  const { status, stderr } = run('chatgate-start')
  assert.equal(status, 1)
  assert.match(stderr, /templates\/tunables\.conf:2: \$\{NOWHERE\} has no value/)
})

test('without settings the start says who makes them', () => {
  rmSync(inRoot('chatgate/nginx/values.env'))
  const { status, stderr } = run('chatgate-start')
  assert.equal(status, 1)
  assert.match(stderr, /init/)
})

test('a damaged queue of log records is set aside, and nginx starts', async () => {
  writeFileSync(inRoot('chatgate/nginx-state/gate_log.json'), '{"half')
  await start()
  assert.equal(readFileSync(inRoot('chatgate/nginx-state/gate_log.json.bad'), 'utf8'), '{"half')
  assert.ok(!existsSync(inRoot('chatgate/nginx-state/gate_log.json')))
})

test('a good queue stays, also when the configuration is bad', () => {
  writeFileSync(inRoot('chatgate/nginx-state/gate_log.json'), '{}')
  template('BAD;')
  assert.equal(run('chatgate-start').status, 1)
  assert.ok(existsSync(inRoot('chatgate/nginx-state/gate_log.json')))
})

test('a socket that a killed nginx left behind is removed', async () => {
  mkdirSync(inRoot('run/chatgate'), { recursive: true })
  writeFileSync(inRoot('run/chatgate/bridge.sock'), '')
  await start()
  assert.ok(!existsSync(inRoot('run/chatgate/bridge.sock')))
})

test('a reload takes over an edit and a changed value', async () => {
  await start()
  writeFileSync(inRoot('chatgate/nginx/values.env'), 'LIMIT=7\n')
  template(`limit \${LIMIT} hard;`)
  const { status, stderr } = run('chatgate-reload')
  assert.equal(status, 0, stderr)
  await waitFor(async () => assert.equal(taken(), 'limit 7 hard;'), WAIT_MS)
})

test('a reload of a bad configuration changes nothing', async () => {
  await start()
  template('BAD;')
  const { status, stderr } = run('chatgate-reload')
  assert.equal(status, 1)
  assert.match(stderr, /BAD in nginx\/templates\/tunables\.conf:2/)
  assert.match(stderr, /nothing was changed/)
  const current = readFileSync(inRoot('run/chatgate/conf/rendered/tunables.conf'), 'utf8')
  assert.match(current, /limit 5;/)
})
