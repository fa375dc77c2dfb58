/** Where things are in the nginx container. */

import { join } from 'node:path'
import { hasIpv6, type NginxPlace } from '../stack/nginx-place.ts'
import type { Folders } from './folders.ts'

/** Docker's own name server; `ipv6=off` because the worker listens on IPv4 only. */
const RESOLVER = '127.0.0.11 valid=5s ipv6=off'

/** What the image brings along (Dockerfile.nginx). */
const IMAGE = '/opt/chatgate'
/** In memory, gone with the container. */
const RUN = '/run/chatgate'

/** Returns the places in the nginx container. */
export function containerNginxPlace(folders: Folders): NginxPlace {
  return {
    // In the official image `stream` is part of nginx itself.
    modules: ['ngx_http_js_module.so', 'ngx_stream_js_module.so'].map((name) =>
      join('/usr/lib/nginx/modules', name),
    ),
    user: undefined,
    pid: join(RUN, 'nginx.pid'),
    errorLog: 'stderr',
    accessLog: '/dev/stdout',
    temp: join(RUN, 'temp'),
    state: folders.nginxState,
    html: join(IMAGE, 'html'),
    scripts: join(IMAGE, 'njs'),
    bridgeSocket: join(RUN, 'bridge.sock'),
    // All copies of the worker: one name, asked again while nginx runs.
    workerAddress: 'worker:3000 resolve',
    resolver: RESOLVER,
    ipv6: hasIpv6(),
  }
}
