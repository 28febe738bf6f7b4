/** Answers calls with the whole phone; `answer: false` lets them ring. */
import { Phone } from '../../dist/phone/index.js';
import { serve, targetOptions } from '../support/target.mjs';

const { answer = true, options = {} } = targetOptions();
const phone = new Phone({ listen: { host: '127.0.0.1', transports: ['udp'] }, maxCalls: 10_000, ...options });
let calls = 0;
phone.on('incoming', (call) => {
  if (answer) call.answer().catch(() => {});
});
phone.on('callEnded', () => {
  calls++;
});
await phone.start();
serve({ port: phone.addresses[0].port, calls: () => calls, stop: () => phone.close() });
