/** Forged access tokens reach neither Redis nor MySQL, however many there are. */

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { formatAccessToken, parseAccessToken } from '#contract/access-token.ts'
import { tokenKey } from '#contract/redis-keys.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { loadSecrets } from '../../scripts/stack/secrets.ts'
import { signedIn } from '../support/accounts.ts'
import { ROOMY } from '../support/own-stack.ts'
import { makeToken, Program } from '../support/program.ts'
import { commandCounts, withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack(ROOMY)

const FORGED = 200

stackTest('a crowd of forged tokens asks nobody', async ({ plan }) => {
  const { client, account } = await signedIn(plan)
  const { token } = await makeToken(client)
  const parts = parseAccessToken(token)
  assert.ok(parts)
  const secrets = await loadSecrets(plan.layout.secrets)
  const root = await createConnection({
    socketPath: plan.layout.sockets.mysql,
    user: 'root',
    password: secrets.mysqlRoot,
  })
  const file = join(plan.layout.data, 'queries.log')
  /** How often MySQL was asked about tokens so far, and how often at all. */
  const asked = async () => (await readFile(file, 'utf8')).match(/access_tokens/g)?.length ?? 0
  try {
    await root.query('SET GLOBAL general_log_file = ?', [file])
    await root.query('SET GLOBAL general_log = ON')
    // The log does show a token that Redis does not know.
    assert.equal((await new Program(plan, token).models()).status, 200)
    await waitFor(async () => assert.ok((await asked()) > 0), 5000)
    const flip = (digit: string) => (digit === '0' ? '1' : '0')
    const forgeries = Array.from({ length: FORGED }, (_, index) => {
      if (index % 3 === 0) return formatAccessToken({ ...parts, mac: parts.mac.replace(/./, flip) })
      const secret = randomBytes(20).toString('hex')
      if (index % 3 === 1) return formatAccessToken({ ...parts, secret })
      return formatAccessToken({ ...parts, uid: String(1000 + index), secret })
    })
    const [queries, commands] = [await asked(), await commandCounts(plan)]
    const statuses = await Promise.all(
      forgeries.map(async (forged) => (await new Program(plan, forged).models()).status),
    )
    assert.deepEqual(statuses, Array(FORGED).fill(401))
    assert.equal(await asked(), queries)
    const after = await commandCounts(plan)
    for (const name of ['hmget', 'hgetall', 'hget', 'hset', 'zadd', 'zcard', 'evalsha']) {
      assert.equal(after[name] ?? 0, commands[name] ?? 0, name)
    }
    // An authentic one does ask Redis, and MySQL when Redis has lost it.
    const hash = createHash('sha256').update(parts.secret).digest('hex')
    await withRedis(plan, (redis) => redis.del(tokenKey(account.id, hash)))
    assert.equal((await new Program(plan, token).models()).status, 200)
    assert.ok(((await commandCounts(plan))['hmget'] ?? 0) > (after['hmget'] ?? 0))
    await waitFor(async () => assert.ok((await asked()) > queries), 5000)
  } finally {
    await root.query('SET GLOBAL general_log = OFF')
    await root.end()
  }
})
