/** What applications and this project's own tests test with. */

export { Exchange, type ExchangeOptions } from '../exchange/index.js';
export { type AudioComparison, compareAudio } from './audio-compare.js';
export { type DatagramConditions, DatagramNetwork } from './datagram-network.js';
export { DnsServer, type DnsZoneEntry } from './dns-server.js';
export { FakeAudioBackend, FakeAudioDevice, type FakeDeviceOptions } from './fake-audio.js';
export { FakeMediaEngine, FakeMediaSession } from './fake-media.js';
export { FakeNetwork, type FakeNetworkOptions, type FakePacket, type FakeTransport } from './fake-network.js';
export { FakeResolver } from './fake-resolver.js';
