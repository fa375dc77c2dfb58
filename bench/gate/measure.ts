/** One run of one variant: how many requests, and what they cost. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { AccessLog } from './access-log.ts'
import { type Calls, callsSince, type Delivered, LogReader, resetCalls } from './redis-watch.ts'
import type { Site } from './sites.ts'
import type { World } from './world.ts'
import { runWrk } from './wrk.ts'

/** How a request is answered and by whom. */
export interface Variant {
  readonly name: string
  readonly site: Site
  readonly port: number
  /** File written by `writeLoad`. */
  readonly load: string
  /** Whether every answer has to be a refusal; otherwise none may be. */
  readonly refuses: boolean
}

export interface Sample {
  readonly requests: number
  readonly perSecond: number
  /** Processor time per request, µs: the nginx that is measured, and Redis. */
  readonly nginxUs: number
  readonly redisUs: number
  /** Share of its processor that the measured nginx used. */
  readonly nginxBusy: number
  /** Commands that Redis was sent. */
  readonly redisCalls: Calls
  /** Answers that should not have been given, and connections that broke. */
  readonly wrong: number
  /** Latency in the closed loop, µs; says nothing about a service that is not overloaded. */
  readonly p50us: number
  readonly p99us: number
  /** Where access records are written: what became of them. */
  readonly log?: LogSample
}

export interface LogSample extends Delivered {
  /** Requests that nginx served and wrote a line about. */
  readonly served: number
  /** Records that were still on their way when the load ended. */
  readonly backlog: number
  /** From the end of the load to the last record, ms. */
  readonly drainMs: number
}

/** How long the queue may be silent before its records count as lost, ms. */
const SILENT_MS = 3000
/** How long both numbers have to stay equal, ms. */
const SETTLED_MS = 400
const POLL_MS = 20

/**
 * A record may arrive this late, ms: the flusher runs every 300 ms. What takes longer counts as time
 * of the run, because a queue that only grows serves nobody.
 */
const FLUSH_MS = 500

/** Runs the variant for so many seconds. */
export async function measure(world: World, variant: Variant, seconds: number): Promise<Sample> {
  const { site } = variant
  const log = site.logs ? new AccessLog(site.plan) : undefined
  await log?.clear()
  await resetCalls(world.redis)
  const nginx = site.program.cpuUs()
  const redis = world.redisServer.cpuUs()
  const wrk = await runWrk(world.root, world.cpus.load, variant.port, variant.load, seconds)
  const busy = site.program.cpuUs() - nginx
  const redisUs = world.redisServer.cpuUs() - redis
  const redisCalls = await callsSince(world.redis)
  const delivered = log && (await drain(world.redis, log))
  const { requests, us } = wrk
  const late = Math.max(0, (delivered?.drainMs ?? 0) - FLUSH_MS) * 1000
  return {
    requests,
    perSecond: (requests / (us + late)) * 1e6,
    // What the flusher does after the load is part of what the requests cost.
    nginxUs: (site.program.cpuUs() - nginx) / requests,
    redisUs: redisUs / requests,
    nginxBusy: busy / us,
    redisCalls,
    wrong: wrk.broken + (variant.refuses ? requests - wrk.refused : wrk.refused),
    p50us: wrk.p50us,
    p99us: wrk.p99us,
    ...(delivered && { log: delivered }),
  }
}

/** Reads the stream until every request has its record there, or none has come for a while. */
async function drain(redis: Redis, log: AccessLog): Promise<LogSample> {
  const began = Date.now()
  const reader = new LogReader(redis)
  let delivered = await reader.read()
  let served = await log.count()
  const backlog = Math.max(0, served - delivered.requests)
  let progress = Date.now()
  // Requests in flight when the load ended are served a moment later, so both numbers may still grow.
  while (Date.now() - progress < (delivered.requests < served ? SILENT_MS : SETTLED_MS)) {
    await delay(POLL_MS)
    const before = delivered.requests
    delivered = await reader.read()
    if (delivered.requests === before) continue
    progress = Date.now()
    if (delivered.requests >= served) served = await log.count()
  }
  return { ...delivered, served: await log.count(), backlog, drainMs: progress - began }
}
