/** The transport layer (RFC 3261 §18). */
export type { Flow, KeepAliveOptions } from './flow.js';
export { type ListenOnOptions, listenOn } from './listen-on.js';
export { probeReach, type Reach } from './reach-probe.js';
export { probeRoute } from './route-probe.js';
export { DEFAULT_PORTS, hostPort, type Target, type TransportProtocol, targetName } from './target.js';
export type { TlsOptions } from './tls-settings.js';
export {
  type Listener,
  type ListenOptions,
  TransportLayer,
  type TransportLayerOptions,
} from './transport-layer.js';
