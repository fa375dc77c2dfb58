/** Where things are for an nginx, and how those of the local run are. */

import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { PrivateRoot } from '../root/private-root.ts'
import { CHECKOUT, type Layout } from './layout.ts'

/** All paths are absolute. */
export interface NginxPlace {
  /** The modules to load, in order. */
  readonly modules: readonly string[]
  /** Account of nginx's processes; undefined keeps the one that starts it. */
  readonly user: string | undefined
  readonly pid: string
  /** Paths, or what nginx takes in their stead, such as stderr. */
  readonly errorLog: string
  readonly accessLog: string
  /** Folder for bodies that do not fit into memory. */
  readonly temp: string
  /** Folder that outlives a stop. */
  readonly state: string
  readonly html: string
  /** Folder of the njs bundles. */
  readonly scripts: string
  readonly bridgeSocket: string
  /** As it stands after `server` in an upstream block. */
  readonly workerAddress: string
  /** Arguments of the `resolver` directive; undefined where no address changes while nginx runs. */
  readonly resolver: string | undefined
  /** Whether this machine has IPv6 at all; nginx does not start on addresses that it cannot have. */
  readonly ipv6: boolean
}

/** In load order: the stream module has to be there before its script module. */
const MODULES = ['ngx_stream_module.so', 'ngx_http_js_module.so', 'ngx_stream_js_module.so']

/** Returns the places of the local run. */
export function localNginxPlace(root: PrivateRoot, layout: Layout): NginxPlace {
  return {
    modules: MODULES.map((name) => root.path(`usr/lib/nginx/modules/${name}`)),
    // As root nginx would hand its workers to an account that cannot enter the data folder.
    user: userInfo().uid === 0 ? 'root' : undefined,
    pid: join(layout.nginx, 'nginx.pid'),
    errorLog: join(layout.logs, 'nginx.log'),
    accessLog: join(layout.logs, 'access.log'),
    temp: join(layout.nginx, 'temp'),
    state: join(layout.nginx, 'state'),
    html: join(CHECKOUT, 'nginx/html'),
    scripts: join(CHECKOUT, 'njs/dist'),
    bridgeSocket: layout.sockets.bridge,
    workerAddress: `unix:${layout.sockets.worker}`,
    resolver: undefined,
    ipv6: hasIpv6(),
  }
}

/** Whether the kernel speaks IPv6. */
export function hasIpv6(): boolean {
  return existsSync('/proc/net/if_inet6')
}
