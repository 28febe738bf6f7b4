/** `switchhook register` */
import { SwitchhookError } from '../../base/errors.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import { PHONE_OPTIONS, phoneFrom } from '../phone-from-options.js';

export const registerCommand: Command = {
  name: 'register',
  usage: '',
  summary: 'register at a server and stay registered',
  options: [...PHONE_OPTIONS, 'unregister', 'duration'],
  examples: [
    'SIP_PASSWORD=secret switchhook register --server sip.example.com --user 1001',
    'switchhook register --server sip.example.com --user 1001 --password secret --unregister --json',
  ],
  async run({ values }, output) {
    if (!values.server || !values.user) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'register needs --server and --user' });
    }
    const interrupt = onInterrupt();
    const phone = phoneFrom(values);
    try {
      phone.on('registration', ({ account, state, error }) => {
        const aor = account.uri.toString();
        output.event(
          'registration',
          `${aor}: ${state}${error ? ` (${error.message})` : ''}`,
          { aor, state, error: error?.message },
          state === 'registered' ? 'good' : error ? 'bad' : 'plain',
        );
      });
      await phone.register();
      const [registration] = phone.registrations;
      const seconds = registration.grantedSeconds;
      output.event(
        'granted',
        `The server grants ${seconds} s`,
        { seconds, aor: registration.account.uri.toString() },
        'good',
      );
      if (!values.unregister) {
        await new Promise<void>((resolve) => {
          interrupt.signal.addEventListener('abort', () => resolve());
          if (values.duration !== undefined) setTimeout(resolve, values.duration * 1000);
        });
      }
      return EXIT.ok;
    } finally {
      await phone.close();
      interrupt.dispose();
    }
  },
};
