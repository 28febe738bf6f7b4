/** A single transaction between a recording user and a recording flow, in virtual time. */
import { VirtualClock } from '../../../../src/base/clock.js';
import { createDiagnostics, type StateTrace } from '../../../../src/base/diagnostics.js';
import { SwitchhookError } from '../../../../src/base/errors.js';
import { SeededRandom } from '../../../../src/base/random.js';
import { parseMessage, type SipRequest, SipResponse } from '../../../../src/sip/message/index.js';
import type { ServerHandle } from '../../../../src/sip/transaction/server-handle.js';
import type { ServerTransaction } from '../../../../src/sip/transaction/server-transaction.js';
import { DEFAULT_TIMERS } from '../../../../src/sip/transaction/timers.js';
import type {
  ClientTransactionUser,
  SendDone,
  Transaction,
  TransactionContext,
} from '../../../../src/sip/transaction/transaction-context.js';
import type { Flow } from '../../../../src/sip/transport/flow.js';

/** Notes the start line of everything sent; can be made to fail or to close. */
export class RecordingFlow implements Flow {
  readonly id = 1;
  readonly protocol;
  readonly local = { host: '10.0.0.1', port: 5060 };
  readonly remote = { host: '10.0.0.2', port: 5060 };
  readonly secure = false;
  readonly sentBy = '10.0.0.1:5060';
  readonly seenAs = undefined;
  open = true;
  failing = false;
  readonly texts: string[] = [];
  #closeListener: ((error?: SwitchhookError) => void) | undefined;

  constructor(readonly reliable: boolean) {
    this.protocol = reliable ? ('tcp' as const) : ('udp' as const);
  }

  send(data: Uint8Array, done?: SendDone): void {
    this.texts.push(Buffer.from(data).toString());
    if (this.failing) {
      done?.(new SwitchhookError('ERR_SIP_TRANSPORT', { method: 'x', target: 'y', why: 'unreachable' }));
    }
  }

  keepAlive(): void {}

  onClose(listener: (error?: SwitchhookError) => void): () => void {
    this.#closeListener = listener;
    return () => {
      this.#closeListener = undefined;
    };
  }

  get watched(): boolean {
    return this.#closeListener !== undefined;
  }

  close(): void {
    this.open = false;
    this.#closeListener?.();
  }

  /** 'INVITE', 'ACK' or a status code, in the order sent; cleared by reading. */
  take(): string[] {
    return this.texts.splice(0).map((text) => text.split(' ')[text.startsWith('SIP/2.0') ? 1 : 0]);
  }
}

export class RecordingUser implements ClientTransactionUser {
  readonly events: string[] = [];

  onResponse(response: SipResponse): void {
    this.events.push(String(response.status));
  }

  onTimeout(): void {
    this.events.push('timeout');
  }

  onTransportError(): void {
    this.events.push('transport error');
  }

  /** What was told, cleared by reading. */
  take(): string[] {
    return this.events.splice(0);
  }
}

export interface Bench {
  clock: VirtualClock;
  flow: RecordingFlow;
  user: RecordingUser;
  context: TransactionContext;
  ended: Transaction[];
  states: StateTrace[];
}

export function makeBench(reliable = false): Bench {
  const clock = new VirtualClock();
  const ended: Transaction[] = [];
  const states: StateTrace[] = [];
  const diagnostics = createDiagnostics();
  diagnostics.state.subscribe((state) => states.push(state));
  const context: TransactionContext = {
    clock,
    random: new SeededRandom(3),
    timers: DEFAULT_TIMERS,
    stateTap: diagnostics.state,
    serverName: 'test',
    tryingFrom: () => Number.POSITIVE_INFINITY,
    acknowledgesChallenges: () => true,
    load: { pending: 0 },
    ended: (transaction) => ended.push(transaction),
    sendResponse: (_via, flow, bytes, done) => flow.send(bytes, done),
  };
  return { clock, flow: new RecordingFlow(reliable), user: new RecordingUser(), context, ended, states };
}

/** A request as it stands on the wire, parsed. */
export function wireRequest(method: string, overrides: Record<string, string> = {}): SipRequest {
  const headers: Record<string, string> = {
    Via: 'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKone;rport',
    Route: '<sip:proxy.example;lr>',
    From: '<sip:alice@a.example>;tag=alice',
    To: '<sip:bob@b.example>',
    'Call-ID': 'the-call',
    CSeq: `1 ${method}`,
    'Max-Forwards': '70',
    ...overrides,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const text = `${method} sip:bob@b.example SIP/2.0\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
  const result = parseMessage(Buffer.from(text));
  if (!result.ok) throw result.error;
  return result.message as SipRequest;
}

export function handleOf(transaction: ServerTransaction): ServerHandle {
  if (!transaction.handle) throw new Error('the transaction is settled');
  return transaction.handle;
}

export function responseTo(request: SipRequest, status: number, tag = 'bob'): SipResponse {
  const response = SipResponse.for(request, status);
  if (status > 100) response.set('To', `${response.get('To')};tag=${tag}`);
  return response;
}
