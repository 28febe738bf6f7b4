/** Answers calls with the SIP endpoint alone: transactions, dialog, 2xx repeated until the ACK; no SDP negotiation. */

import { systemClock } from '../../dist/base/clock.js';
import { createDiagnostics } from '../../dist/base/diagnostics.js';
import { nullLogger } from '../../dist/base/logger.js';
import { cryptoRandom } from '../../dist/base/random.js';
import {
  AcceptRetransmitter,
  Dialog,
  DialogTable,
  SipEndpoint,
  SipResponse,
  TransportLayer,
} from '../../dist/sip/index.js';
import { SDP } from '../support/sdp.mjs';
import { serve, targetOptions } from '../support/target.mjs';

const common = {
  clock: systemClock,
  random: cryptoRandom,
  logger: nullLogger,
  diagnostics: createDiagnostics(),
};
const { limits, ring = false, answerAfterMs } = targetOptions();
const transport = new TransportLayer(common);
const endpoint = new SipEndpoint({
  ...common,
  transport,
  resolver: undefined,
  userAgent: 'Switchhook',
  limits,
});
const dialogs = new DialogTable();
const sdp = Buffer.from(SDP);
let calls = 0;

endpoint.onRequest = (request, tx) => {
  if (request.method !== 'INVITE') {
    const call = dialogs.find(request);
    if (!call) return void tx.reply(481);
    dialogs.remove(call.dialog);
    call.dialog.terminate();
    tx.reply(200);
    calls++;
    return;
  }
  const tag = cryptoRandom.token(10);
  const respond = (status) => {
    const response = SipResponse.for(request, status);
    response.set('To', `${request.get('To')};tag=${tag}`);
    response.set('Contact', `<sip:bench@${tx.flow.sentBy}>`);
    return response;
  };
  const dialog = Dialog.fromRequest(request, tag);
  if (ring) tx.respond(respond(180));
  const answer = respond(200);
  answer.setBody(sdp, 'application/sdp');
  dialog.confirm(answer);
  const repeat = new AcceptRetransmitter({
    clock: systemClock,
    timers: endpoint.timers,
    resend: () => tx.respond(answer),
    onTimeout: () => dialogs.remove(dialog),
  });
  dialogs.add(dialog, { dialog, repeat });
  const accept = () => {
    tx.respond(answer);
    repeat.start();
  };
  if (answerAfterMs === undefined) accept();
  else setTimeout(accept, answerAfterMs);
};
endpoint.onAck = (ack) => dialogs.find(ack)?.repeat.stop();

const { address } = await endpoint.listen({ protocol: 'udp' });
serve({ port: address.port, calls: () => calls, stop: () => endpoint.close() });
