/**
 * What the endpoint needs from the layers below it. TransportLayer and TargetResolver are the real ones;
 * testing/fake-network has others for virtual time.
 */
import type { ParseFailure, SipMessage, Uri, Via } from '../message/index.js';
import type { Flow, Listener, ListenOptions, Target } from '../transport/index.js';

export interface EndpointTransport {
  /** Set by the endpoint: a message has arrived. */
  onMessage: (message: SipMessage, flow: Flow) => void;
  /** Set by the endpoint: something that is no valid message has arrived. */
  onInvalid: (failure: ParseFailure, flow: Flow) => void;
  readonly listeners: readonly Listener[];
  listen(options: ListenOptions): Promise<Listener>;
  connect(target: Target, signal?: AbortSignal): Promise<Flow>;
  /** Where a response to a request with this top Via, received on `flow`, has to go (RFC 3261 §18.2.2). */
  responseFlow(flow: Flow, via: Via): Flow | Promise<Flow>;
  close(): Promise<void>;
}

export interface EndpointResolver {
  resolve(uri: Uri, signal?: AbortSignal): Promise<Target[]>;
  /** Where a response goes when there is no way back to where its request came from (RFC 3263 §5). */
  resolveSentBy(via: Via): Promise<Target[]>;
  /** @param ms how long others are asked first */
  markFailed(target: Target, ms?: number): void;
  markGood(target: Target): void;
}
