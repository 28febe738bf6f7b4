/** `switchhook serve`: a phone without a window, driven by other programs through the control server. */
import { SwitchhookError } from '../../base/errors.js';
import type { ControlServerOptions } from '../../server/index.js';
import { fromArguments } from '../../webphone/index.js';
import type { Command } from '../command.js';
import { DEFAULT_CONTROL_PORT, runWebphone } from '../run-webphone.js';

export const serveCommand: Command = {
  name: 'serve',
  usage: '[key=value …]',
  summary: 'run a phone that other programs drive over UDP, TCP, HTTP and WebSocket',
  options: ['host', 'port', 'token', 'origin', 'json'],
  examples: [
    'switchhook serve',
    'switchhook serve serveraddress=sip.example.com username=1001 loglevel=5',
    'SWITCHHOOK_TOKEN=secret switchhook serve --host 0.0.0.0',
  ],
  run({ values, positionals }, output) {
    const pairs = fromArguments(positionals);
    if (pairs.length < positionals.length) {
      const what = `"${positionals.find((one) => !one.includes('=')) ?? positionals[0]}" is not key=value`;
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
    }
    const control: ControlServerOptions = {
      host: values.host,
      port: values.port,
      udpPort: values.port,
      token: values.token,
      origins: values.origin?.split(','),
    };
    return runWebphone({ pairs, control, usualPort: DEFAULT_CONTROL_PORT, output });
  },
};
