// Answers every call, plays a greeting, and records what the caller says until # or 20 seconds.
import { Phone } from 'switchhook';

const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});

phone.on('incoming', async (call) => {
  await call.answer();
  await call.play('assets/speech.wav');
  const recording = await call.record(`${process.env.RECORDINGS ?? '.'}/${call.id}.wav`, { layout: 'mono' });
  const limit = setTimeout(() => call.hangup(), 20_000);
  for await (const { digit } of call.dtmf()) if (digit === '#') break;
  clearTimeout(limit);
  const { path, durationMs } = await recording.stop();
  console.log(`message of ${call.remote.user}: ${path}, ${durationMs} ms`);
  await call.hangup();
});

await phone.register();
console.log('waiting for calls');
process.once('SIGTERM', () => phone.close());
