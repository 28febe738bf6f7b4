/**
 * A menu: 1 is connected with the sales number, 2 leaves a message, # hears the menu again. A digit interrupts the
 * announcement; after three times without a choice the caller is let go.
 *
 *   node examples/ivr.mjs SALES [menu.wav]
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isSwitchhookError, Phone } from 'switchhook';

const [sales, announcement = 'assets/speech.wav'] = process.argv.slice(2);
const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});

/** Gives the next key whenever it is asked for one; what is pressed meanwhile is kept. */
function keysOf(call) {
  const digits = call.dtmf();
  let next;
  return () => {
    next ??= digits.next().then(({ value }) => {
      next = undefined;
      return value?.digit;
    });
    return next;
  };
}

/** What the caller presses while `file` plays, or in the 5 s after it; undefined for nothing. */
async function ask(call, key, file) {
  const interrupt = new AbortController();
  const pressed = key();
  pressed.then(() => interrupt.abort());
  await call.play(file, { signal: interrupt.signal });
  return Promise.race([pressed, pause(5000, undefined, { ref: false })]);
}

const choices = {
  async 1(call) {
    const { result } = await call.transferTo(sales);
    console.log(`${call.remote.user}: ${result}`);
  },
  async 2(call, key) {
    await call.play({ tone: 'dial-eu' }, { signal: AbortSignal.timeout(500) });
    const recording = await call.record(`${process.env.RECORDINGS ?? '.'}/${call.id}.wav`, {
      layout: 'mono',
    });
    await Promise.race([call.ended, key(), pause(30_000, undefined, { ref: false })]);
    const { path } = await recording.stop();
    console.log(`${call.remote.user}: message in ${path}`);
    await call.hangup();
  },
};

phone.on('incoming', async (call) => {
  try {
    const key = keysOf(call);
    await call.answer();
    for (let round = 1; round <= 3; round++) {
      const digit = await ask(call, key, announcement);
      console.log(`${call.remote.user}: ${digit ?? 'no'} key`);
      const choice = choices[digit];
      if (choice) return await choice(call, key);
    }
    await call.hangup({ reason: 'no choice' });
  } catch (error) {
    if (!isSwitchhookError(error)) throw error;
    console.log(`${call.remote.user}: ${error.code}`); // has hung up, or sales are not there
    await call.hangup();
  }
});

await phone.register();
console.log('waiting for calls');
process.once('SIGTERM', () => phone.close());
