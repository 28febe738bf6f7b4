/** A webphone behind the control server; nothing but requests reaches it. */
import { ControlServer } from '../../dist/server/index.js';
import { Webphone } from '../../dist/webphone/index.js';
import { serve } from '../support/target.mjs';

const webphone = new Webphone(0);
const server = new ControlServer(webphone, { port: 0, udpPort: 0 });
await server.start();
// Both ports in one number would be no port: the suite asks for the second.
process.on('message', (what) => {
  if (what === 'udp') process.send({ udp: server.addresses.udp.port });
});
serve({
  port: server.addresses.tcp.port,
  calls: () => Object.values(server.counters.requests).reduce((sum, count) => sum + count, 0),
  stop: async () => {
    await server.close();
    await webphone.close();
  },
});
