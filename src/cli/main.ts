#!/usr/bin/env node
/** The command line: finds the subcommand, runs it, and turns what comes of it into an exit code. */
import { readFileSync } from 'node:fs';
import { SwitchhookError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { describeOptions, parseCommandLine } from './arguments.js';
import type { Command } from './command.js';
import { callCommand } from './commands/call.js';
import { demoCommand } from './commands/demo.js';
import { devicesCommand } from './commands/devices.js';
import { doctorCommand } from './commands/doctor.js';
import { exchangeCommand } from './commands/exchange.js';
import { isKeyValueForm, runKeyValue } from './commands/key-value.js';
import { listenCommand } from './commands/listen.js';
import { optionsCommand } from './commands/options.js';
import { registerCommand } from './commands/register.js';
import { serveCommand } from './commands/serve.js';
import { settingsCommand } from './commands/settings.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { endWithReader } from './interrupt.js';
import { Output } from './output.js';

const COMMANDS: readonly Command[] = [
  callCommand,
  listenCommand,
  registerCommand,
  optionsCommand,
  serveCommand,
  exchangeCommand,
  devicesCommand,
  settingsCommand,
  doctorCommand,
  demoCommand,
];

function overview(): string {
  const names = COMMANDS.map(({ name, usage }) => `${name} ${usage}`);
  const width = Math.max(...names.map(({ length }) => length));
  const rows = COMMANDS.map(({ summary }, i) => `  ${names[i].padEnd(width)}  ${summary}`);
  return [
    'Switchhook, a SIP phone for the terminal.',
    '',
    'Usage: switchhook <command> [options]',
    '       switchhook serveraddress=… username=… password=… callto=… autocall=true loglevel=1',
    '',
    ...rows,
    '',
    'switchhook <command> --help tells more. Exit codes: 0 well, 1 failed, 2 wrong usage, 3 registration refused,',
    '4 call refused, 5 no answer, 6 network, 7 audio, 130 interrupted.',
  ].join('\n');
}

function help(command: Command): string {
  return [
    `switchhook ${command.name}: ${command.summary}`,
    '',
    `Usage: switchhook ${command.name} ${command.usage}${command.usage ? ' ' : ''}[options]`,
    '',
    describeOptions(command.options),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
  ].join('\n');
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}

async function main(args: readonly string[]): Promise<number> {
  const output = new Output({ json: args.includes('--json') });
  const [name, ...rest] = args;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      console.log(overview());
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      console.log(version());
      return 0;
    }
    if (isKeyValueForm(args)) return await runKeyValue(args, output);
    if (!command) {
      const meant = nearest(
        name,
        COMMANDS.map((one) => one.name),
      );
      const hint = meant ? `; do you mean "${meant}"?` : '';
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `there is no command "${name}"${hint}` });
    }
    const parsed = parseCommandLine(rest, command.options);
    if (parsed.values.help) {
      console.log(help(command));
      return 0;
    }
    return await command.run(parsed, output);
  } catch (error) {
    const code = exitCodeOf(error);
    const help = isKeyValueForm(args) ? 'settings' : `${command ? `${name} ` : ''}--help`;
    output.error(error, code === EXIT.usage ? `See: switchhook ${help}` : undefined);
    return code;
  }
}

endWithReader(process.stdout);
process.exitCode = await main(process.argv.slice(2));
