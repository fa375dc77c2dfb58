/** Entry of the init container, which runs to its end before the other containers start. */

import { reportFailure } from '../stack/start-failure.ts'
import { ACCOUNTS, FOLDERS } from './folders.ts'
import { initialise } from './initialise.ts'

try {
  const remarks = await initialise(process.env, FOLDERS, ACCOUNTS)
  for (const remark of remarks) console.log(remark)
  console.log('Settings and secrets are in place.')
} catch (error) {
  reportFailure(error)
}
