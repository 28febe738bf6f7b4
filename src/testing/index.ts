/** What applications and this project's own tests test with. */
export { type AudioComparison, compareAudio } from './audio-compare.js';
export { type DatagramConditions, DatagramNetwork } from './datagram-network.js';
export { DnsServer, type DnsZoneEntry } from './dns-server.js';
export { Exchange, type ExchangeOptions } from '../exchange/index.js';
