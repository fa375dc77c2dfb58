/** js_content of /metrics on the private port: what the gate counted, as Prometheus text. */

import { formatMetrics, type Sample, seriesName } from '../domain/prometheus.ts'
import { activeStreams } from '../nginx/active-streams.ts'
import { countedSeries } from '../nginx/counters.ts'
import { deliveredRecords, droppedRecords, queuedRecords } from '../nginx/log-queue.ts'
import { nginxStatus } from '../nginx/nginx-status.ts'
import { redisAwaySince } from '../nginx/redis-state.ts'
import { zoneSizes } from '../nginx/zone-sizes.ts'

/** The exposition format 0.0.4, which every Prometheus reads. */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

export async function metrics(r: NginxHTTPRequest): Promise<void> {
  const samples = [
    buildSample(r),
    ...countedSeries(),
    ...stateSamples(),
    ...zoneSamples(),
    ...(await nginxSamples(r)),
  ]
  r.headersOut['Content-Type'] = TEXT_FORMAT
  r.headersOut['Cache-Control'] = 'no-store'
  r.return(200, formatMetrics(samples))
}

function buildSample(r: NginxHTTPRequest): Sample {
  const nginx = r.variables['nginx_version'] ?? ''
  const labels = { version: CHATGATE_VERSION, nginx, njs: njs.version }
  return [seriesName('chatgate_build_info', labels), 1]
}

function stateSamples(): readonly Sample[] {
  return [
    ['chatgate_gate_redis_up', redisAwaySince() === undefined ? 1 : 0],
    ['chatgate_gate_active_streams', activeStreams()],
    ['chatgate_gate_log_queued', queuedRecords()],
    ['chatgate_gate_log_delivered_total', deliveredRecords()],
    ['chatgate_gate_log_dropped_total', droppedRecords()],
  ]
}

function zoneSamples(): readonly Sample[] {
  return zoneSizes().flatMap(({ zone, bytes, freeBytes }): readonly Sample[] => [
    [seriesName('chatgate_gate_zone_bytes', { zone }), bytes],
    [seriesName('chatgate_gate_zone_free_bytes', { zone }), freeBytes],
  ])
}

async function nginxSamples(r: NginxHTTPRequest): Promise<readonly Sample[]> {
  const status = await nginxStatus(r)
  if (status === undefined) return []
  const { accepted, handled, reading, writing, waiting } = status
  return [
    ['chatgate_nginx_connections{state="reading"}', reading],
    ['chatgate_nginx_connections{state="writing"}', writing],
    ['chatgate_nginx_connections{state="waiting"}', waiting],
    ['chatgate_nginx_connections_accepted_total', accepted],
    ['chatgate_nginx_connections_dropped_total', accepted - handled],
  ]
}
