/**
 * `switchhook doctor`: checks one step after the other what a call needs, and says at the first thing that is wrong
 * what to do about it. With `--server` it asks that server, with a number it calls there; without, it looks at this
 * machine alone.
 */
import { isSwitchhookError } from '../../base/errors.js';
import type { Command } from '../command.js';
import { testCall } from '../doctor/call.js';
import { Finding } from '../doctor/finding.js';
import { addresses, audio, ports, soundDevices } from '../doctor/machine.js';
import { ServerChecks } from '../doctor/server.js';
import { EXIT } from '../exit-codes.js';
import type { Output } from '../output.js';
import { PHONE_OPTIONS } from '../phone-from-options.js';

type Check = () => Promise<string>;

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '[number]',
  summary: 'check addresses, DNS, ports, the server, the audio, and a call',
  options: PHONE_OPTIONS,
  examples: [
    'switchhook doctor',
    'SIP_PASSWORD=secret switchhook doctor --server sip.example.com --user 1001',
    'SIP_PASSWORD=secret switchhook doctor *43 --server sip.example.com --user 1001   # an echo test',
  ],
  async run({ values, positionals: [number] }, output) {
    const checks: Array<[string, Check]> = [
      ['Addresses', addresses],
      ['SIP and RTP ports', () => ports(values)],
      ['Audio through a call', audio],
      ['Sound devices', soundDevices],
    ];
    if (values.server) {
      const server = new ServerChecks(values);
      checks.push(['Server in DNS', () => server.dns()], ['Server answers', () => server.answers()]);
      if (values.user) checks.push(['Registration', () => server.registration()]);
    }
    if (number) checks.push([`Call to ${number}`, () => testCall(values, number)]);
    let failures = 0;
    for (const [name, check] of checks) if (!(await report(name, check, output))) failures++;
    if (!values.server) output.text('\nGive --server (and --user) to check a server as well.');
    else if (!number) output.text('\nGive a number to check a call as well; best one that echoes.');
    output.result({ ok: failures === 0, failures });
    return failures === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function report(name: string, check: Check, output: Output): Promise<boolean> {
  output.live(`  ${name} …`);
  try {
    const found = await check();
    output.live('');
    output.event('check', `${name.padEnd(22)}${found}`, { name, ok: true, found }, 'good');
    return true;
  } catch (error) {
    output.live('');
    const message = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof Finding || isSwitchhookError(error) ? error.remedy : undefined;
    output.event('check', `${name.padEnd(22)}${message}`, { name, ok: false, error: message, remedy }, 'bad');
    if (remedy) output.text(`  ${''.padEnd(22)}${remedy}`);
    return false;
  }
}
