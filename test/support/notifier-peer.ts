/** A scripted notifier on a {@link UaWorld}: answers SUBSCRIBE as told and sends the NOTIFYs a test asks for. */
import { SipRequest } from '../../src/sip/index.js';
import type { RawPeer, UaWorld } from './ua-harness.js';

export interface NotifyOptions {
  /** Value of Subscription-State. */
  state?: string;
  body?: string;
  contentType?: string;
  cseq?: number;
  /** Tag of the notifier: one for each device of a fork. */
  tag?: string;
  event?: string | null;
  callId?: string;
  /** Our tag. */
  toTag?: string;
}

export class NotifierPeer {
  /** Status of the answers to the next SUBSCRIBEs; then 200. */
  script: Array<number | { status: number; headers: Record<string, string> }> = [];
  /** Sent by itself after a 200. */
  automatic: NotifyOptions | undefined = { state: 'active;expires=3600' };
  #cseq = 0;
  #branch = 0;

  constructor(
    readonly world: UaWorld,
    readonly peer: RawPeer,
  ) {
    peer.onRequest = (request) => {
      if (request.method !== 'SUBSCRIBE') return;
      const next = this.script.shift() ?? 200;
      const { status, headers } = typeof next === 'number' ? { status: next, headers: {} } : next;
      if (status === 0) return;
      const asked = request.expires ?? 3600;
      peer.respond(request, status, {
        headers: status < 300 ? { Expires: String(asked), ...headers } : headers,
      });
      if (status >= 300 || !this.automatic) return;
      void this.notify(
        asked === 0 ? { ...this.automatic, state: 'terminated;reason=timeout' } : this.automatic,
      );
    };
  }

  get subscribes(): SipRequest[] {
    return this.peer.requests
      .filter(({ message }) => message.method === 'SUBSCRIBE')
      .map(({ message }) => message);
  }

  /** To the last SUBSCRIBE. */
  async notify(options: NotifyOptions = {}): Promise<SipRequest> {
    const { peer } = this;
    const last = peer.last('SUBSCRIBE');
    const contact = last.contacts[0];
    const request = new SipRequest('NOTIFY', contact.uri)
      .add('Via', `SIP/2.0/UDP ${peer.host}:5060;branch=z9hG4bK-n-${++this.#branch};rport`)
      .add('Max-Forwards', 70)
      .add('From', `<${peer.uri}>;tag=${options.tag ?? peer.name}`)
      .add('To', `<${last.from.uri}>;tag=${options.toTag ?? last.from.tag}`)
      .add('Call-ID', options.callId ?? last.callId)
      .add('CSeq', `${options.cseq ?? ++this.#cseq} NOTIFY`)
      .add('Contact', `<${peer.uri}>`)
      .add('Subscription-State', options.state ?? 'active;expires=3600');
    if (options.event !== null) request.add('Event', options.event ?? last.get('Event') ?? '');
    if (options.body !== undefined) request.setBody(options.body, options.contentType ?? 'text/plain');
    const host = contact.uri.kind === 'sip' ? contact.uri.host : '';
    peer.send(request, await peer.transport.connect({ protocol: 'udp', host, port: 5060 }));
    return request;
  }
}
