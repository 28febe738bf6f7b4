/**
 * The phone at a door. Who presses the bell (here: Enter) is connected with the flat; whoever calls the door is put
 * through at once, as on an intercom. In both cases *9 opens the door.
 *
 *   node examples/doorphone.mjs FLAT
 */
import { Phone } from 'switchhook';

const [flat] = process.argv.slice(2);
const { MICROPHONE = 'default', SPEAKER = 'default' } = process.env;
const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
  audio: { microphone: MICROPHONE, speaker: SPEAKER, ringer: 'none' },
  policies: { answering: { automatic: 'all', rejectWhenBusy: true } },
});

async function listenForCode(call) {
  let digits = '';
  for await (const { digit } of call.dtmf()) {
    digits = (digits + digit).slice(-2);
    if (digits !== '*9') continue;
    console.log('the door is open'); // here the relay is switched
    await call.play({ tone: 'dial-eu' }, { signal: AbortSignal.timeout(500) });
  }
}

phone.on('incoming', (call) => {
  console.log(`${call.remote.user} is at the intercom`);
  call.once('connected', () => listenForCode(call));
});

process.stdin.on('data', async () => {
  try {
    const call = await phone.call(flat, { signal: AbortSignal.timeout(30_000) });
    console.log(`${flat} has answered`);
    await listenForCode(call);
  } catch (error) {
    console.log(`nobody is at home: ${error.message}`);
  }
});

await phone.register();
console.log('waiting for visitors');
process.once('SIGTERM', () => phone.close().then(() => process.stdin.destroy()));
