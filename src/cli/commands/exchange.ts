/** `switchhook exchange` */
import { SwitchhookError } from '../../base/errors.js';
import { Exchange, SERVICE_NUMBERS } from '../../exchange/index.js';
import { bundledSpeech } from '../assets.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import { loggerFrom } from '../phone-from-options.js';

const DEFAULT_USERS = '1001:1001,1002:1002,1003:1003';
const DEFAULT_PORT = 5060;

export const exchangeCommand: Command = {
  name: 'exchange',
  usage: '',
  summary: 'run a small SIP exchange to try phones with',
  options: ['host', 'port', 'users', 'prompt', 'duration', 'log', 'json'],
  examples: ['switchhook exchange', 'switchhook exchange --port 5070 --users alice:secret,bob:secret --json'],
  async run({ values }, output) {
    const interrupt = onInterrupt();
    const users = parseUsers(values.users ?? DEFAULT_USERS);
    const exchange = new Exchange({
      users,
      host: values.host,
      port: values.port ?? DEFAULT_PORT,
      prompt: values.prompt ?? bundledSpeech(),
      logger: loggerFrom(values),
    });
    try {
      await exchange.start();
      output.event(
        'exchange',
        `Exchange on ${exchange.address} (UDP and TCP); Ctrl-C ends`,
        { address: exchange.address, users: Object.keys(users), services: SERVICE_NUMBERS },
        'good',
      );
      output.text(`\n  Users (name:password): ${values.users ?? DEFAULT_USERS}`);
      output.text('  Numbers:');
      for (const [number, what] of Object.entries(SERVICE_NUMBERS))
        output.text(`    ${number.padEnd(12)}${what}`);
      output.text(
        `\n  Try: switchhook call echo --server ${exchange.address} --user ${Object.keys(users)[0]} --password …`,
      );
      await new Promise<void>((resolve) => {
        interrupt.signal.addEventListener('abort', () => resolve());
        if (values.duration !== undefined) setTimeout(resolve, values.duration * 1000);
      });
      return EXIT.ok;
    } finally {
      await exchange.close();
      interrupt.dispose();
    }
  },
};

function parseUsers(text: string): Record<string, string> {
  const users: Record<string, string> = {};
  for (const entry of text.split(',')) {
    const at = entry.indexOf(':');
    if (at < 1)
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `--users "${entry}" is not name:password` });
    users[entry.slice(0, at).trim()] = entry.slice(at + 1);
  }
  return users;
}
