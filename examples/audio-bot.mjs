// A bot that hears and speaks PCM: it says back what it heard, once the caller pauses.
import { Phone } from 'switchhook';

const RATE = 16_000;
const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});

phone.on('incoming', async (call) => {
  await call.answer();
  let heard = [];
  for await (const { samples } of call.audio({ sampleRate: RATE })) {
    const loud = samples.some((sample) => Math.abs(sample) > 1000); // Int16Array of 20 ms
    if (loud) heard.push(...samples);
    else if (heard.length > RATE / 2) {
      await call.write(Int16Array.from(heard), RATE);
      heard = [];
    }
  }
});

await phone.register();
console.log('waiting for calls');
process.once('SIGTERM', () => phone.close());
