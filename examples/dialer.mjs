// Calls a list of numbers, one after the other, and says what became of each.
import { isSwitchhookError, Phone } from 'switchhook';

const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});
await phone.register();
for (const number of process.argv.slice(2)) {
  try {
    const call = await phone.call(number, { signal: AbortSignal.timeout(20_000) });
    await call.play({ tone: 'ringback-eu' }, { signal: AbortSignal.timeout(1000) });
    await call.hangup();
    console.log(`${number}: reached`);
  } catch (error) {
    if (!isSwitchhookError(error)) throw error;
    console.log(`${number}: ${error.code} ${error.details.status ?? ''}`);
  }
}
await phone.close();
