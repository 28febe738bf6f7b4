/** A transport layer on loopback with what arrived at it, for the tests of this folder. */
import { networkInterfaces } from 'node:os';
import { systemClock } from '../../../../src/base/clock.js';
import { createDiagnostics, type Diagnostics } from '../../../../src/base/diagnostics.js';
import { createLogger, type LogRecord } from '../../../../src/base/logger.js';
import { cryptoRandom } from '../../../../src/base/random.js';
import { type SipMessage, SipRequest, SipResponse } from '../../../../src/sip/message/message.js';
import type { ParseFailure } from '../../../../src/sip/message/parse-message.js';
import type { Flow } from '../../../../src/sip/transport/flow.js';
import { TransportLayer, type TransportLayerOptions } from '../../../../src/sip/transport/transport-layer.js';

export const hasIPv6: boolean = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

interface Received {
  message: SipMessage;
  flow: Flow;
}

export class TestLayer {
  readonly layer: TransportLayer;
  readonly diagnostics: Diagnostics = createDiagnostics();
  readonly received: Received[] = [];
  readonly invalid: Array<{ result: ParseFailure; flow: Flow }> = [];
  readonly log: LogRecord[] = [];

  constructor(options: Partial<TransportLayerOptions> = {}) {
    this.layer = new TransportLayer({
      clock: systemClock,
      random: cryptoRandom,
      logger: createLogger({ level: 'debug', sink: (record) => this.log.push(record) }),
      diagnostics: this.diagnostics,
      ...options,
    });
    this.layer.onMessage = (message, flow) => this.received.push({ message, flow });
    this.layer.onInvalid = (result, flow) => this.invalid.push({ result, flow });
  }

  /** The request that arrived as number `index`. */
  async request(index = 0): Promise<{ request: SipRequest; flow: Flow }> {
    await until(() => this.received.length > index);
    const { message, flow } = this.received[index];
    if (!(message instanceof SipRequest)) throw new Error('not a request');
    return { request: message, flow };
  }

  async response(index = 0): Promise<SipResponse> {
    await until(() => this.received.length > index);
    const { message } = this.received[index];
    if (!(message instanceof SipResponse)) throw new Error('not a response');
    return message;
  }
}

/** Waits until `condition` holds; fails by the test's own time-out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

let branches = 0;

/** An OPTIONS request as bytes. */
export function options(via: string, extra: readonly string[] = []): Uint8Array {
  return Buffer.from(
    [
      'OPTIONS sip:bob@example.com SIP/2.0',
      `Via: ${via.includes('branch') ? via : `${via};branch=z9hG4bK${branches++}`}`,
      'From: <sip:alice@example.com>;tag=1',
      'To: <sip:bob@example.com>',
      `Call-ID: ${branches}@test`,
      'CSeq: 1 OPTIONS',
      'Max-Forwards: 70',
      ...extra,
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n'),
  );
}

/** Sends and waits until the system has taken it. */
export function sent(flow: Flow, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => flow.send(data, (error) => (error ? reject(error) : resolve())));
}
