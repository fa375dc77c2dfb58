/** Which Debian packages the private root is made of. */

/** Servers that the local run needs; their libraries follow by dependency. */
export const SERVER_PACKAGES: readonly string[] = [
  'nginx',
  'libnginx-mod-http-js',
  'libnginx-mod-stream',
  'libnginx-mod-stream-js',
  'redis-server',
  'mysql-server-core',
]

/** The suite that has nginx 1.30.6 with njs 1.0 and MySQL 9.7; stable ones are older. */
export const DEFAULT_SUITE = 'sid'

/** What `npm run bench:gate` needs: the same nginx beside what it is compared and measured with. */
export const BENCH_PACKAGES: readonly string[] = [
  'nginx',
  'libnginx-mod-http-js',
  'libnginx-mod-stream',
  'libnginx-mod-stream-js',
  'redis-server',
  'libnginx-mod-http-lua',
  'lua-nginx-redis',
  'wrk',
  'nghttp2-client',
]
