/** The stream entry: the bridge that lets http handlers speak to Redis. */

import { bridge } from './nginx/bridge-session.ts'

export default { bridge }
