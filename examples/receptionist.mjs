// Answers calls, puts the caller on hold, and connects with a colleague; takes the call back when nobody is there.
import { isSwitchhookError, Phone } from 'switchhook';

const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});
phone.on('incoming', async (call) => {
  await call.answer();
  for (const colleague of process.argv.slice(2)) {
    try {
      const { result } = await call.transferTo(colleague);
      console.log(`${colleague}: ${result}`);
      return;
    } catch (error) {
      if (!isSwitchhookError(error)) throw error;
      console.log(`${colleague}: ${error.code} ${error.details.status ?? ''}`);
    }
  }
  await call.hangup({ reason: 'nobody is there' });
});
await phone.register();
console.log('waiting for calls');
