/** docs/SETTINGS.md, made of the table by `npm run docs`. Pure. */
import {
  defaultText,
  effectText,
  parametersByGroup,
  scopeText,
  sortedValues,
  statusText,
  typeText,
} from './describe.js';
import { PARAMETERS } from './parameters.js';
import type { ParameterSpec } from './spec.js';

export function settingsPage(): string {
  const groups = parametersByGroup();
  const contents = groups.map(({ title, rows }) => `- [${title}](#${anchor(title)}) (${rows.length})`);
  const waiting = PARAMETERS.filter(({ status }) => status !== 'works' && status !== 'partly').length;
  return `${[
    '# Settings',
    '',
    'Written by `npm run docs` from `src/webphone/parameters/tables/`. `switchhook settings` shows the same in a terminal,',
    '`switchhook settings explain NAME` one of them, `switchhook settings --schema` a JSON Schema.',
    '',
    `There are ${PARAMETERS.length}; ${waiting} of them are accepted and do nothing yet, or never will here, and say so.`,
    'A value may be a text, a number or true and false. `DEF` brings a default back, `NULL` empties a text. Names are the',
    'same in upper and lower case.',
    '',
    '## Where settings come from',
    '',
    'Later ones win: what was kept from the last run; the environment (`wp_username=…`); `wpcfg.ini` with lines of',
    '`name=value`; the command line (`name=value`); then whatever the API sets, and what a server sends in `X-MParam`',
    '(for this run) and `X-MParamP` (to keep) unless `acceptsettingsfromsip` is 0. Settings are kept encrypted, see',
    '`autocfgsave` and `resetsettings`. A value may be given encoded as `encrypted__3__…`, see `pwdencrypted`.',
    '',
    ...contents,
    ...groups.flatMap(({ title, rows }) => ['', `## ${title}`, ...rows.flatMap(section)]),
  ].join('\n')}\n`;
}

function section(row: ParameterSpec): string[] {
  const facts = [
    typeText(row),
    `default: ${code(defaultText(row))}`,
    `for: ${scopeText(row)}`,
    `counts ${effectText(row)}`,
    ...(row.aliases ? [`also: ${row.aliases.map((alias) => `\`${alias}\``).join(', ')}`] : []),
  ];
  const status = statusText(row);
  const values = sortedValues(row);
  return [
    '',
    `### \`${row.name}\``,
    '',
    status ? `${row.doc} **It ${status}.**` : row.doc,
    '',
    `*${facts.join(' · ')}*`,
    ...(values.length > 0 ? ['', ...values.map(([value, meaning]) => `- \`${value}\`: ${meaning}`)] : []),
  ];
}

function code(text: string): string {
  return /^(empty|not set)$/.test(text) ? text : text.replace(/^\S+/, (value) => `\`${value}\``);
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
