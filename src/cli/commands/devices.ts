/** `switchhook devices` */
import { systemClock } from '../../base/clock.js';
import { type AudioDevice, listAudioDevices } from '../../media/index.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Output } from '../output.js';
import { backendFrom } from '../phone-from-options.js';

export const devicesCommand: Command = {
  name: 'devices',
  usage: '',
  summary: 'list microphones and speakers',
  options: ['backend', 'json'],
  examples: ['switchhook devices', 'switchhook call sip:bob@192.0.2.10 --mic 1 --speaker 2'],
  async run({ values }, output) {
    const devices = await listAudioDevices(backendFrom(values), systemClock);
    show('Speakers, for --speaker', 'output', devices, output);
    show('Microphones, for --mic', 'input', devices, output);
    output.result({ devices });
    return EXIT.ok;
  },
};

function show(title: string, kind: AudioDevice['kind'], all: readonly AudioDevice[], output: Output): void {
  const devices = all.filter((device) => device.kind === kind);
  output.text(`${title}:`);
  if (devices.length === 0) output.text('  none');
  for (const [i, { name, isDefault }] of devices.entries()) {
    output.text(`  ${String(i + 1).padStart(2)}  ${name}${isDefault ? '  (default)' : ''}`);
  }
}
