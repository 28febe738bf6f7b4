/** A phone that is none: a few functions of every kind of argument and result, and notifications at will. */
import type { CommandTarget, ControlFunctionSpec, ControlNotification } from '../../../src/server/index.js';

const text = (name: string) => ({ name, type: 'String' });
const int = (name: string) => ({ name, type: 'int' });

const FUNCTIONS: readonly ControlFunctionSpec[] = [
  {
    name: 'API_TestEcho',
    group: 'lifecycle',
    overloads: [[text('echo')]],
    returns: 'String',
    doc: 'Gives back its argument.',
  },
  {
    name: 'API_Call',
    group: 'call',
    overloads: [[int('line'), text('peer')], [text('peer')]],
    returns: 'boolean',
  },
  {
    name: 'API_SendChat',
    group: 'messages',
    overloads: [[int('line'), text('peer'), text('message')]],
    returns: 'boolean',
  },
  {
    name: 'API_Hangup',
    group: 'call',
    aliases: ['API_HangUp2'],
    overloads: [[], [int('line')]],
    returns: 'boolean',
  },
  { name: 'API_GetLine', group: 'line', overloads: [[]], returns: 'int' },
  { name: 'API_GetVersion', group: 'lifecycle', overloads: [[]], returns: 'String' },
  { name: 'API_SetVolume', group: 'audio', overloads: [[int('dev'), int('volume')]], returns: 'boolean' },
  {
    name: 'API_SetParameter',
    group: 'settings',
    overloads: [[text('param'), text('value')]],
    returns: 'boolean',
  },
  {
    name: 'API_AddLog',
    group: 'logs',
    overloads: [[text('msg')], [int('level'), text('msg')]],
    returns: 'void',
  },
  { name: 'API_HTTPGet', group: 'http', overloads: [[text('url')]], returns: 'String' },
  { name: 'API_SendSMS', group: 'messages', overloads: [[text('peer'), text('id')]], returns: 'boolean' },
  { name: 'API_GetMedia', group: 'media', overloads: [[]], returns: 'bytes', remote: false },
  {
    name: 'API_PollNotificationStrings',
    aliases: ['API_GetNotifications'],
    overloads: [[]],
    returns: 'String',
  },
  {
    name: 'API_GetNotificationStrings',
    aliases: ['API_GetNotificationsSync'],
    overloads: [[]],
    returns: 'String',
  },
];

type Args = readonly unknown[] | Readonly<Record<string, unknown>>;

export class FakeTarget implements CommandTarget {
  readonly functions = FUNCTIONS;
  pushes = true;
  readonly calls: Array<{ name: string; args: Args }> = [];
  readonly #listeners = new Set<(notification: ControlNotification) => void>();
  readonly notifications = {
    allows: () => this.pushes,
    subscribe: (listener: (notification: ControlNotification) => void) => {
      this.#listeners.add(listener);
      return () => {
        this.#listeners.delete(listener);
      };
    },
  };

  notify(line: string): void {
    const kind = line.split(',', 1)[0];
    for (const listener of this.#listeners) listener({ kind, toString: () => line });
  }

  execute(name: string, args: Args): unknown {
    this.calls.push({ name, args });
    const spec = FUNCTIONS.find((one) => one.name.toLowerCase() === name.toLowerCase());
    const named = Array.isArray(args) ? undefined : (args as Record<string, unknown>);
    const get = (position: number, key: string): unknown =>
      named ? named[key] : (args as unknown[])[position];
    switch (spec?.name) {
      case 'API_TestEcho':
        return String(get(0, 'echo') ?? '');
      case 'API_GetLine':
        return 1;
      case 'API_GetVersion':
        return '1.2.3';
      case 'API_SetVolume':
        return Number(get(1, 'volume')) <= 100;
      case 'API_Call':
        return String(get(1, 'peer') ?? get(0, 'peer') ?? '') !== 'nobody';
      case 'API_SetParameter':
        return String(get(0, 'param')) !== '' && String(get(1, 'value')) !== 'wrong';
      case 'API_AddLog':
        return undefined;
      case 'API_HTTPGet':
        return Promise.resolve(`ERROR: cannot reach ${String(get(0, 'url'))}`);
      case 'API_GetMedia':
        return new Uint8Array(3);
      default:
        return true;
    }
  }
}
