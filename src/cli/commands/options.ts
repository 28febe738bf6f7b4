/** `switchhook options <uri>` */
import { SwitchhookError } from '../../base/errors.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { PHONE_OPTIONS, phoneFrom, targetFrom } from '../phone-from-options.js';

export const optionsCommand: Command = {
  name: 'options',
  usage: '<uri>',
  summary: 'ask a server or phone what it can do',
  options: PHONE_OPTIONS,
  examples: ['switchhook options sip:sip.example.com', 'switchhook options sip:192.0.2.10:5070 --json'],
  async run({ values, positionals }, output) {
    const [target] = positionals;
    if (!target) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'ask whom? Give a SIP address' });
    const whom = /^sips?:/i.test(target) || values.server ? target : `sip:${target}`;
    const phone = phoneFrom(values);
    try {
      const answer = await phone.options(targetFrom(whom, values));
      output.event(
        'options',
        `${answer.status} ${answer.reason} after ${answer.roundTripMs.toFixed(0)} ms`,
        { ...answer },
        answer.status < 300 ? 'good' : 'bad',
      );
      if (answer.server) output.text(`  Software:  ${answer.server}`);
      if (answer.allow.length > 0) output.text(`  Methods:   ${answer.allow.join(', ')}`);
      if (answer.supported.length > 0) output.text(`  Supports:  ${answer.supported.join(', ')}`);
      // RFC 3261 §11: any answer tells that somebody is there; the status tells how a call would fare.
      return answer.status < 300 ? EXIT.ok : EXIT.rejected;
    } finally {
      await phone.close();
    }
  },
};
