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
