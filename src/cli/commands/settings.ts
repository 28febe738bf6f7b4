/** `switchhook settings`: lists the settings of the webphone, searches them, and explains one. */
import { SwitchhookError } from '../../base/errors.js';
import {
  explainParameter,
  nearestWords,
  type ParameterSpec,
  parametersByGroup,
  resolveName,
  searchParameters,
  settingsSchema,
  statusText,
  unknownName,
} from '../../webphone/index.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Output } from '../output.js';

const NAME_WIDTH = 30;

export const settingsCommand: Command = {
  name: 'settings',
  usage: '[WORD …]',
  summary: 'list the settings, search them, or explain one',
  options: ['schema', 'json'],
  examples: [
    'switchhook settings',
    'switchhook settings search echo',
    'switchhook settings explain holdtype',
    'switchhook settings --schema > switchhook.schema.json',
  ],
  async run({ values, positionals }, output) {
    if (values.schema) {
      process.stdout.write(`${JSON.stringify(settingsSchema(), undefined, 2)}\n`);
      return EXIT.ok;
    }
    const [verb, ...rest] = positionals;
    if (verb === undefined || (verb === 'list' && rest.length === 0)) {
      for (const { title, rows } of parametersByGroup()) list(title, rows, output);
      output.text('\nswitchhook settings explain NAME tells more.');
      return EXIT.ok;
    }
    if (verb === 'explain' || (rest.length === 0 && resolveName(verb))) {
      return explain(verb === 'explain' ? rest : [verb], output);
    }
    const words = verb === 'search' || verb === 'list' ? rest : positionals;
    const found = searchParameters(words);
    const wanted = words.map((word) => `"${word}"`).join(' and ');
    list(`${found.length} ${found.length === 1 ? 'setting' : 'settings'} with ${wanted}`, found, output);
    const better = found.length === 0 && nearestWords(words);
    if (better) output.text(`Did you mean: switchhook settings search ${better.join(' ')}`);
    return found.length > 0 ? EXIT.ok : EXIT.failed;
  },
};

function explain(names: readonly string[], output: Output): number {
  if (names.length === 0) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'explain needs the name of a setting' });
  }
  for (const name of names) {
    const lines = explainParameter(name);
    if (!lines) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: unknownName(name) });
    const [title, ...rest] = lines;
    output.text(['', output.paint('plain', title), ...rest].join('\n'));
    const resolved = resolveName(name);
    if (resolved) output.result({ event: 'setting', ...resolved.spec });
  }
  return EXIT.ok;
}

function list(title: string, rows: readonly ParameterSpec[], output: Output): void {
  output.text(`\n${output.paint('good', title)}`);
  for (const row of rows) {
    const status = statusText(row);
    const doc = /^.*?[.:;](?=\s|$)/.exec(row.doc)?.[0] ?? row.doc;
    const name = row.name.padEnd(NAME_WIDTH);
    output.text(
      `  ${output.paint('plain', name)} ${doc}${status ? output.paint('dim', ` (${status})`) : ''}`,
    );
    output.result({ event: 'setting', ...row });
  }
}
