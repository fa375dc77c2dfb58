/** Everything that has to be there before the containers can start. Safe to run again. */

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, ensureCertificate } from '../stack/certificate.ts'
import { formatValues, nginxValues } from '../stack/nginx-values.ts'
import { loadSecrets } from '../stack/secrets.ts'
import type { Source } from '../stack/setting-source.ts'
import {
  containerSettings,
  fileName,
  WORKER_FILES,
  withoutEmptyFiles,
} from './container-settings.ts'
import type { Accounts, Folders } from './folders.ts'
import { mysqlFiles } from './mysql-files.ts'
import { containerNginxPlace } from './nginx-place.ts'
import { makePrivateFolder, writePrivateFiles } from './private-files.ts'

/**
 * Makes missing secrets and, without one of the operator's, a self-signed certificate, and gives each
 * service the part that it needs: the encryption keys never reach nginx, the session secret never MySQL.
 * @returns what the operator may want to know, one sentence each
 * @throws {StartFailure} with every problem of every setting at once; then no service gets anything
 */
export async function initialise(
  environment: Source,
  folders: Folders,
  accounts: Accounts,
): Promise<readonly string[]> {
  const source = withoutEmptyFiles(environment)
  await mkdir(folders.init, { recursive: true, mode: 0o700 })
  const secrets = await loadSecrets(join(folders.init, 'secrets.json'))
  const { settings, worker, workerFiles } = containerSettings(source, secrets)
  const certificate = await ensureCertificate(folders.ssl, folders.init, settings.domains)

  await writePrivateFiles(
    folders.mysql,
    accounts.mysql,
    mysqlFiles(worker.mysql, secrets.mysqlRoot),
  )
  await writePrivateFiles(folders.redis, accounts.redis, {
    password: secrets.redis,
    'redis.conf': `requirepass ${secrets.redis}\n`,
  })
  await writePrivateFiles(
    folders.worker,
    accounts.worker,
    Object.fromEntries(WORKER_FILES.map((name) => [fileName(name), workerFiles[name] ?? ''])),
  )
  await makePrivateFolder(folders.workerSpool, accounts.worker)

  const tls = {
    certificate: join(folders.nginx, 'tls/fullchain.crt'),
    key: join(folders.nginx, 'tls/private.key'),
    selfSigned: certificate.selfSigned,
  }
  const gate = {
    sessionSecrets: workerFiles['GATE_SESSION_SECRET'] ?? '',
    tokenSecrets: workerFiles['GATE_TOKEN_SECRET'] ?? '',
    workerSecret: worker.workerSecret,
  }
  const values = nginxValues(
    { settings, gate, certificate: tls, redisUrl: worker.redisUrl, limits: worker.limits },
    containerNginxPlace(folders),
  )
  await makePrivateFolder(folders.nginxState, accounts.nginx)
  await writePrivateFiles(folders.nginx, accounts.nginx, {
    'tls/fullchain.crt': await readFile(certificate.certificate),
    'tls/private.key': await readFile(certificate.key),
    'values.env': formatValues(values),
  })
  return remarks(certificate, settings.domains, worker.deepseekApiKey)
}

function remarks(
  { selfSigned }: Certificate,
  domains: readonly string[],
  apiKey: string | undefined,
): readonly string[] {
  return [
    ...(selfSigned
      ? [`No ssl/${domains[0]}/fullchain.crt: using a self-signed certificate; browsers will warn.`]
      : []),
    ...(apiKey === undefined
      ? ['No DEEPSEEK_API_KEY: chats answer no_upstream_key until a key is added on /admin.']
      : []),
  ]
}
