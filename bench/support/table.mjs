/** Results as people read them: on a terminal and in bench/README.md. */

const DIGITS = 3;

export function formatValue(value, unit = '') {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(DIGITS)));
  return unit ? `${text} ${unit}` : text;
}

/** undefined without a goal. */
export const meets = ({ value, goal }) =>
  goal === undefined || value === null ? undefined : Number.isFinite(value) && value <= goal;

export const yardsticks = ({ yardstick }) => [yardstick ?? []].flat();

function cells(result) {
  const met = meets(result);
  return [
    result.name,
    result.skipped ? `skipped: ${result.skipped}` : formatValue(result.value, result.unit),
    result.goal === undefined ? '' : `≤ ${formatValue(result.goal, result.unit)}`,
    met === undefined ? '' : met ? '✓' : '✗',
    yardsticks(result)
      .map(({ name, value, unit }) => `${name}: ${formatValue(value, unit ?? result.unit)}`)
      .join('; '),
  ];
}

const HEADINGS = ['what', 'value', 'goal', '', 'yardstick'];

export function terminalTable(results) {
  const rows = [HEADINGS, ...results.map(cells)];
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(results) {
  const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(HEADINGS),
    line(HEADINGS.map(() => '---')),
    ...results.map((result) => line(cells(result))),
  ].join('\n');
}
