/** `switchhook listen` */
import type { Call } from '../../ua/index.js';
import { act, checkFiles } from '../call-actions.js';
import { announce, attend } from '../call-console.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import { DEVICE_OPTIONS, PHONE_OPTIONS, phoneFrom } from '../phone-from-options.js';

export const listenCommand: Command = {
  name: 'listen',
  usage: '',
  summary: 'answer calls; echo, play or record them',
  options: [...PHONE_OPTIONS, ...DEVICE_OPTIONS, 'echo', 'play', 'record', 'dtmf', 'duration', 'calls'],
  examples: [
    'switchhook listen --listen 5060 --echo',
    'SIP_PASSWORD=secret switchhook listen --server sip.example.com --user 1001 --play greeting.wav --record call.wav',
  ],
  async run({ values }, output) {
    await checkFiles(values);
    const interrupt = onInterrupt();
    const phone = phoneFrom(values);
    let answered = 0;
    let failure: unknown;
    const limit = values.calls ?? Number.POSITIVE_INFINITY;
    const running = new Set<Promise<unknown>>();
    try {
      const done = new Promise<void>((resolve) => {
        interrupt.signal.addEventListener('abort', () => resolve());
        phone.on('incoming', (call) => {
          if (answered >= limit) return call.reject(486);
          const number = ++answered;
          const served = serve(call, number).catch((error: unknown) => {
            failure = error;
            output.error(error);
          });
          running.add(served);
          void served.then(() => {
            running.delete(served);
            if (number >= limit && running.size === 0) resolve();
          });
        });
      });
      const serve = async (call: Call, number: number): Promise<void> => {
        announce(call, output);
        await call.answer();
        attend(call, output);
        await act(call, values, output, values.record && numbered(values.record, number, limit));
        if (values.play && !values.echo && values.duration === undefined) void call.hangup();
        await call.ended;
      };
      await phone.start();
      if (values.server) {
        await phone.register();
        const aor = phone.accounts[0].uri.toString();
        output.event('registered', `Registered as ${aor}`, { aor }, 'good');
      }
      const addresses = phone.addresses.map(({ protocol, host, port }) => `${protocol}:${host}:${port}`);
      output.event('listening', `Listening on ${addresses.join(', ')}; Ctrl-C ends`, { addresses }, 'good');
      await done;
      return failure && limit === 1 ? EXIT.failed : EXIT.ok;
    } finally {
      await phone.close();
      interrupt.dispose();
    }
  },
};

/** call.wav → call-2.wav for the second of several calls. */
function numbered(path: string, number: number, limit: number): string {
  return limit === 1 ? path : path.replace(/(\.[^./\\]*)?$/, (extension) => `-${number}${extension}`);
}
