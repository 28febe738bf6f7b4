/** Rows as people read them: on a terminal, and in docs/QUALITY.md. */

/** Heading, whether numbers stand to the right, and the words of a cell. */
const COLUMNS = [
  ['codec', false, ({ codec }) => codec],
  ['network', false, ({ condition }) => condition],
  ['correlation', true, ({ correlation }) => correlation.toFixed(3)],
  ['coverage', true, ({ coverage }) => coverage.toFixed(3)],
  ['segSNR dB', true, ({ segmentalSnrDb }) => segmentalSnrDb.toFixed(1)],
  ['delay ms', true, ({ delayMs }) => delayMs.toFixed(0)],
  ['concealed ms', true, ({ concealedMs }) => concealedMs.toFixed(0)],
  ['CPU µs/20 ms', true, ({ cpuUs }) => cpuUs.toFixed(0)],
];

const LIVE_COLUMNS = [
  ['peer', false, ({ peer }) => peer],
  ['codec', false, ({ codec }) => codec],
  ['who calls', false, ({ caller }) => caller],
  ['heard by', false, ({ listener }) => listener],
  ['correlation', true, ({ correlation }) => correlation.toFixed(3)],
  ['coverage', true, ({ coverage }) => coverage.toFixed(3)],
  ['segSNR dB', true, ({ segmentalSnrDb }) => segmentalSnrDb.toFixed(1)],
];

export const simulatedTable = (rows) => new Table(COLUMNS, rows, ({ codec }) => codec);
export const liveTable = (rows) => new Table(LIVE_COLUMNS, rows, ({ peer }) => peer);

class Table {
  #columns;
  #cells;
  #groups;

  /** @param groupOf what the rows of one block have in common */
  constructor(columns, rows, groupOf) {
    this.#columns = columns;
    this.#cells = rows.map((row) => columns.map(([, , words]) => words(row)));
    this.#groups = rows.map(groupOf);
  }

  /** Aligned, with an empty line between the blocks; what a block repeats is said once. */
  terminal() {
    const headings = this.#columns.map(([heading]) => heading);
    const widths = headings.map((heading, i) =>
      Math.max(heading.length, ...this.#cells.map((cells) => cells[i].length)),
    );
    const line = (cells) =>
      cells
        .map((cell, i) => (this.#columns[i][1] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join('  ')
        .trimEnd();
    const lines = [line(headings), widths.map((width) => '─'.repeat(width)).join('  ')];
    for (const [i, cells] of this.#cells.entries()) {
      const isFirst = this.#groups[i] !== this.#groups[i - 1];
      if (isFirst && i > 0) lines.push('');
      lines.push(line(isFirst ? cells : ['', ...cells.slice(1)]));
    }
    return lines.join('\n');
  }

  markdown() {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [
      line(this.#columns.map(([heading]) => heading)),
      line(this.#columns.map(([, isNumber]) => (isNumber ? '--:' : '---'))),
      ...this.#cells.map(line),
    ].join('\n');
  }
}
