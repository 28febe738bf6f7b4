/** What the control server counts, and the same as Prometheus text (`GET /metrics`). */

export type TransportName = 'udp' | 'tcp' | 'http' | 'websocket' | 'sse' | 'stdio';

export type Refusal =
  | 'malformed'
  | 'unknown'
  | 'token'
  | 'web-page'
  | 'rate'
  | 'size'
  | 'slow'
  | 'connections';

export class ControlCounters {
  readonly requests: Record<TransportName, number> = {
    udp: 0,
    tcp: 0,
    http: 0,
    websocket: 0,
    sse: 0,
    stdio: 0,
  };
  readonly refused: Record<Refusal, number> = {
    malformed: 0,
    unknown: 0,
    token: 0,
    'web-page': 0,
    rate: 0,
    size: 0,
    slow: 0,
    connections: 0,
  };
  /** Connections closed because the client did not read what was sent to it. */
  notReading = 0;
}

export interface Gauges {
  readonly connections: number;
  readonly notifications: number;
  readonly uptimeSeconds: number;
}

export function prometheusText({ requests, refused, notReading }: ControlCounters, gauges: Gauges): string {
  const metric = (
    name: string,
    type: string,
    help: string,
    samples: ReadonlyArray<readonly [string, number]>,
  ) => [
    `# HELP switchhook_control_${name} ${help}`,
    `# TYPE switchhook_control_${name} ${type}`,
    ...samples.map(([labels, value]) => `switchhook_control_${name}${labels} ${value}`),
  ];
  const labelled = (label: string, values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([key, value]): [string, number] => [`{${label}="${key}"}`, value]);
  return [
    ...metric('requests_total', 'counter', 'Requests by transport.', labelled('transport', requests)),
    ...metric('refused_total', 'counter', 'Requests refused, by reason.', labelled('reason', refused)),
    ...metric('not_reading_total', 'counter', 'Connections closed because nobody read them.', [
      ['', notReading],
    ]),
    ...metric('connections', 'gauge', 'Open connections.', [['', gauges.connections]]),
    ...metric('notifications_total', 'counter', 'Notifications so far.', [['', gauges.notifications]]),
    ...metric('uptime_seconds', 'gauge', 'Since the control server started.', [['', gauges.uptimeSeconds]]),
    '',
  ].join('\n');
}
