/** Answers calls with the user agent: everything of a call but its media, whose engine here does nothing. */
import { systemClock } from '../../dist/base/clock.js';
import { createDiagnostics } from '../../dist/base/diagnostics.js';
import { nullLogger } from '../../dist/base/logger.js';
import { cryptoRandom } from '../../dist/base/random.js';
import { SipEndpoint, TransportLayer } from '../../dist/sip/index.js';
import { UserAgent } from '../../dist/ua/index.js';
import { serve } from '../support/target.mjs';

const common = {
  clock: systemClock,
  random: cryptoRandom,
  logger: nullLogger,
  diagnostics: createDiagnostics(),
};

/** A media session without sockets and sound. */
class NoMedia {
  rtpPort = 40_000;
  rtcpPort = 40_001;
  constructor(address) {
    this.address = address;
  }
  async configure() {}
  on() {
    return this;
  }
  async close() {}
}
const engine = { openSession: async ({ address }) => new NoMedia(address) };

const transport = new TransportLayer(common);
const endpoint = new SipEndpoint({ ...common, transport, resolver: undefined, userAgent: 'Switchhook' });
const agent = new UserAgent({ ...common, endpoint, engine, userAgent: 'Switchhook', maxCalls: 10_000 });
let calls = 0;
agent.on('incoming', (call) => {
  call.answer().catch(() => {});
});
agent.on('callEnded', () => {
  calls++;
});
const { address } = await endpoint.listen({ protocol: 'udp' });
serve({ port: address.port, calls: () => calls, stop: () => endpoint.close() });
