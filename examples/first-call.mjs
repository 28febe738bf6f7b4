// Registers, calls the echo number, plays a file, and hangs up.
import { Phone } from 'switchhook';

const phone = new Phone({
  server: process.env.SIP_SERVER, // host[:port]
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});
try {
  await phone.register(); // throws ERR_REGISTRATION_REJECTED { status, reason }
  const call = await phone.call('echo', { signal: AbortSignal.timeout(30_000) }); // resolves when answered
  await call.play('assets/speech.wav'); // resolves when the last word is out
  const record = await call.hangup();
  console.log(`talked for ${record.durationMs} ms, MOS ${record.media.mos.toFixed(1)}`);
} finally {
  await phone.close(); // hangs up, unregisters, frees everything
}
