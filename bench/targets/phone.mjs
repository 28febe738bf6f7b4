/** Answers calls with the whole phone; given `ringMs` it rings for so long first. */
import { Phone } from '../../dist/phone/index.js';
import { serve, targetOptions } from '../support/target.mjs';

const { ringMs, options = {} } = targetOptions();
const phone = new Phone({ listen: { host: '127.0.0.1', transports: ['udp'] }, maxCalls: 10_000, ...options });
const answer = (call) => call.answer().catch(() => {});
let calls = 0;
phone.on('incoming', (call) => {
  if (ringMs === undefined) answer(call);
  else setTimeout(answer, ringMs, call);
});
phone.on('callEnded', () => {
  calls++;
});
await phone.start();
serve({ port: phone.addresses[0].port, calls: () => calls, stop: () => phone.close() });
