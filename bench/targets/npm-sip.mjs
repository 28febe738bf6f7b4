/** Yardstick: answers calls with the npm package `sip`. */
import sip from 'sip';
import { SDP } from '../support/sdp.mjs';
import { freePort } from '../support/sipp.mjs';
import { serve } from '../support/target.mjs';

const port = await freePort();
let calls = 0;
sip.start({ port, address: '127.0.0.1', udp: true, tcp: false }, (request) => {
  if (request.method === 'INVITE') {
    request.headers.to.params.tag = Math.random().toString(36).slice(2);
    const response = sip.makeResponse(request, 200, 'OK');
    response.headers.contact = [{ uri: `sip:bench@127.0.0.1:${port}` }];
    response.headers['content-type'] = 'application/sdp';
    response.content = SDP;
    sip.send(response);
  } else if (request.method === 'BYE') {
    calls++;
    sip.send(sip.makeResponse(request, 200, 'OK'));
  }
});
serve({ port, calls: () => calls, stop: async () => sip.stop() });
