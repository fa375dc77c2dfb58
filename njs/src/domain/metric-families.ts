/** Every metric of the gate: the operator's list of what there is to watch. */

export interface MetricFamily {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Upper bounds of a histogram's buckets but the last, which has none. */
  readonly bounds?: readonly number[]
  /** Series that are there from the start, so that their first increase is seen as one. */
  readonly always?: readonly string[]
}

/** Seconds; nginx's clock counts whole milliseconds. */
const LATENCY_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

export const METRIC_FAMILIES: Readonly<Record<string, MetricFamily>> = {
  chatgate_build_info: { type: 'gauge', help: 'Always 1; the labels say which versions run.' },
  chatgate_gate_decisions_total: {
    type: 'counter',
    help: 'Decisions of the gate by verdict and by what they rest on.',
  },
  chatgate_gate_limit_total: {
    type: 'counter',
    help: 'Requests admitted and refused by each limit policy, and who counted.',
  },
  chatgate_gate_redis_up: {
    type: 'gauge',
    help: '1 while Redis answers, 0 while the gate goes on without it.',
  },
  chatgate_gate_redis_calls_total: {
    type: 'counter',
    help: 'Round trips to Redis on behalf of requests.',
    always: ['{result="answered"}', '{result="crowded"}', '{result="failed"}'],
  },
  chatgate_gate_redis_seconds: {
    type: 'histogram',
    help: 'Time of a round trip to Redis, to the millisecond; failed ones until they were given up.',
    bounds: LATENCY_BOUNDS,
  },
  chatgate_gate_local_slots_lost_total: {
    type: 'counter',
    help: 'Admitted requests that found no memory in the zone gate_slots.',
    always: [''],
  },
  chatgate_gate_active_streams: {
    type: 'gauge',
    help: 'Answers running through this nginx, streamed or not.',
  },
  chatgate_gate_log_queued: { type: 'gauge', help: 'Log records waiting for Redis.' },
  chatgate_gate_log_delivered_total: {
    type: 'counter',
    help: 'Log records that Redis has taken.',
  },
  chatgate_gate_log_dropped_total: {
    type: 'counter',
    help: 'Log records lost because the queue was full.',
  },
  chatgate_gate_zone_bytes: { type: 'gauge', help: 'Size of a shared memory zone.' },
  chatgate_gate_zone_free_bytes: {
    type: 'gauge',
    help: 'Whole pages that are free in a shared memory zone.',
  },
  chatgate_nginx_connections: {
    type: 'gauge',
    help: 'Connections of clients by what nginx does with them.',
  },
  chatgate_nginx_connections_accepted_total: {
    type: 'counter',
    help: 'Connections accepted, those between gate and bridge included.',
  },
  chatgate_nginx_connections_dropped_total: {
    type: 'counter',
    help: 'Connections accepted and closed at once because worker_connections were used up.',
  },
}
