/** `switchhook call <uri>` */
import { SwitchhookError } from '../../base/errors.js';
import { parseHeaders } from '../arguments.js';
import { act, checkFiles } from '../call-actions.js';
import { announce, attend } from '../call-console.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import { DEVICE_OPTIONS, PHONE_OPTIONS, phoneFrom, targetFrom } from '../phone-from-options.js';

const RING_SECONDS = 60;

export const callCommand: Command = {
  name: 'call',
  usage: '<uri>',
  summary: 'call somebody, play, record, send digits',
  options: [
    ...PHONE_OPTIONS,
    ...DEVICE_OPTIONS,
    'play',
    'record',
    'dtmf',
    'echo',
    'duration',
    'timeout',
    'header',
  ],
  examples: [
    'switchhook call sip:echo@192.0.2.10 --play hello.wav --record back.wav',
    'SIP_PASSWORD=secret switchhook call 1234 --server sip.example.com --user 1001',
    'switchhook call sip:bob@192.0.2.10 --device default',
    'switchhook call 1234 --server sip.example.com --user 1001 --dtmf 1,2# --duration 20 --json',
  ],
  async run({ values, positionals }, output) {
    const [target] = positionals;
    if (!target)
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'call whom? Give a number or SIP address' });
    await checkFiles(values);
    const interrupt = onInterrupt();
    const phone = phoneFrom(values);
    try {
      const call = await phone.dial(targetFrom(target, values), { headers: parseHeaders(values.headers) });
      announce(call, output);
      const hangUp = (): void => void call.hangup();
      interrupt.signal.addEventListener('abort', hangUp);
      if (interrupt.fired) hangUp();
      const seconds = values.timeout ?? RING_SECONDS;
      let timedOut = false;
      const patience = setTimeout(() => {
        timedOut = true;
        void call.hangup({ reason: 'no answer' });
      }, seconds * 1000);
      try {
        await call.answered();
      } catch (error) {
        if (interrupt.fired) return EXIT.interrupted;
        if (timedOut) throw new SwitchhookError('ERR_TIMEOUT', { what: 'the answer', ms: seconds * 1000 });
        throw error;
      } finally {
        clearTimeout(patience);
      }
      attend(call, output);
      await act(call, values, output);
      if (values.play && !values.echo && values.duration === undefined) void call.hangup();
      const record = await call.ended;
      if (interrupt.fired) return EXIT.interrupted;
      return record.end.by === 'error' ? EXIT.failed : EXIT.ok;
    } finally {
      await phone.close();
      interrupt.dispose();
    }
  },
};
