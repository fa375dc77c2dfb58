/** The worker's settings. */

/** AES-256 keys by id; the first encrypts, all decrypt (GATE_ENCRYPTION_KEYS). */
export interface KeyRing {
  readonly currentId: string
  /** 32 bytes each. */
  readonly keys: ReadonlyMap<string, Buffer>
}

export interface WorkerEnv {
  /** WORKER_LISTEN: a unix socket's absolute path, or host and port. */
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number }
  readonly mysql: {
    /** Host name, or the absolute path of a unix socket. */
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
    readonly database: string
  }
  /** redis://, rediss:// or unix:///path?db=0, with credentials inside. */
  readonly redisUrl: string
  /** GATE_WORKER_SECRET: what the gate must send in X-Gate-Secret. */
  readonly workerSecret: string
  /** GATE_SESSION_SECRET, comma-separated; the first signs. The worker only signs. */
  readonly sessionSecret: string
  readonly encryptionKeys: KeyRing
  readonly sessionIdleMs: number
  readonly sessionAbsoluteMs: number
  /** GATE_COOKIE: name of the session cookie. */
  readonly cookieName: string
  readonly admin: { readonly username: string; readonly password: string }
  /** DEEPSEEK_API_KEY, stored as alias `env` at start; undefined if not given. */
  readonly deepseekApiKey: string | undefined
  readonly deepseekBaseUrl: string
  /** CHATGATE_STANDIN_URL: base URL of the local stand-in, or undefined outside the local run. */
  readonly standinUrl: string | undefined
  /** IANA zone. */
  readonly timezone: string
  readonly logLevel: string
}
