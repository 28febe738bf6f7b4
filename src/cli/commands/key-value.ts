/**
 * `switchhook serveraddress=… username=… password=… callto=… autocall=true loglevel=1`: the plain form that scripts
 * written for other softphones use. Registers, and with `autocall=true` calls; stays until the call is over, or
 * without a call until Ctrl-C.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { Values } from '../arguments.js';
import { act } from '../call-actions.js';
import { announce, attend } from '../call-console.js';
import { EXIT } from '../exit-codes.js';
import { onInterrupt } from '../interrupt.js';
import type { Output } from '../output.js';
import { phoneFrom } from '../phone-from-options.js';

const KEYS: Readonly<Record<string, string>> = {
  serveraddress: 'SIP server, host or host:port',
  username: 'user name',
  password: 'password',
  callto: 'number or address to call',
  autocall: 'true: call at once',
  loglevel: '0 to 12; from 5 on with every SIP message',
};

/** True when the arguments are of this form. */
export function isKeyValueForm(args: readonly string[]): boolean {
  return args.length > 0 && args.every((arg) => /^[a-z_]\w*=/i.test(arg));
}

export async function runKeyValue(args: readonly string[], output: Output): Promise<number> {
  const settings = parse(args);
  const level = Number(settings.loglevel ?? 1);
  if (!Number.isInteger(level) || level < 0 || level > 12) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `loglevel=${settings.loglevel}: it goes from 0 to 12`,
    });
  }
  const autocall = /^(true|1|yes)$/i.test(settings.autocall ?? 'false');
  if (autocall && !settings.callto) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'autocall=true needs callto=' });
  }
  if (!settings.serveraddress && !autocall) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'serveraddress= is missing' });
  }
  const values: Values = {
    headers: [],
    server: settings.serveraddress || undefined,
    user: settings.username || undefined,
    password: settings.password || undefined,
    log: level === 0 ? undefined : level < 3 ? 'warn' : level < 5 ? 'info' : 'debug',
    trace: level >= 5,
  };
  const interrupt = onInterrupt();
  const phone = phoneFrom(values);
  try {
    phone.on('incoming', (call) => announce(call, output));
    if (values.server && values.user) {
      await phone.register();
      output.event('registered', `Registered as ${phone.accounts[0].uri}`, {}, 'good');
    }
    const done = new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()));
    if (!autocall) {
      output.text('  Ctrl-C ends');
      await done;
      return EXIT.ok;
    }
    const call = await phone.dial(settings.callto);
    announce(call, output);
    void done.then(() => call.hangup());
    await call.answered();
    attend(call, output);
    await act(call, values, output);
    await call.ended;
    return interrupt.fired ? EXIT.interrupted : EXIT.ok;
  } finally {
    await phone.close();
    interrupt.dispose();
  }
}

function parse(args: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const arg of args) {
    const at = arg.indexOf('=');
    const key = arg.slice(0, at).toLowerCase();
    if (!(key in KEYS)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `"${key}" is not a setting; there are ${Object.keys(KEYS).join(', ')}`,
      });
    }
    settings[key] = arg.slice(at + 1);
  }
  return settings;
}
