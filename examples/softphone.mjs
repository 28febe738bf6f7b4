/**
 * A phone at a desk: rings, takes the call, and talks by microphone and speaker.
 *
 *   SIP_SERVER=sip.example.com SIP_USER=1001 SIP_PASSWORD=… node examples/softphone.mjs
 *
 * MICROPHONE, SPEAKER and RINGER choose the devices by name or number (`switchhook devices` lists them), 'none' for none;
 * files do as well: MICROPHONE=file:says.wav SPEAKER=file:heard.wav.
 */
import { Phone } from 'switchhook';

const { SIP_SERVER, SIP_USER, SIP_PASSWORD } = process.env;
const { MICROPHONE = 'default', SPEAKER = 'default', RINGER = 'default' } = process.env;
const phone = new Phone({
  server: SIP_SERVER,
  username: SIP_USER,
  password: SIP_PASSWORD,
  audio: { microphone: MICROPHONE, speaker: SPEAKER, ringer: RINGER, tones: { country: 'gb' } },
});

phone.audio.on('device', ({ role, what, using }) =>
  console.log(`${role} ${what}: ${using.join(', ') || 'none'}`),
);
phone.audio.on('error', (error) => console.log(error.message));

phone.on('incoming', async (call) => {
  console.log(`${call.remote.user} calls`);
  setTimeout(() => call.answer().catch((error) => console.log(error.message)), 2000);
  const { durationMs } = await call.ended;
  console.log(`talked for ${Math.round(durationMs / 1000)} s`);
});

process.once('SIGINT', () => phone.close());
await phone.register();
console.log('waiting for calls; Ctrl-C ends');
