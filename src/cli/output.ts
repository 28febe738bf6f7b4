/**
 * What the command line prints: lines a person likes to read, with a live status at the bottom of a terminal, or with
 * `--json` one JSON object per event and nothing else on standard output.
 */
import { isSwitchhookError } from '../base/errors.js';

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface OutputOptions {
  json: boolean;
  stream?: Stream;
  errors?: Stream;
  /** ANSI colours; default: on a terminal, unless NO_COLOR is set. */
  color?: boolean;
}

export type Tone = 'good' | 'bad' | 'plain' | 'dim';

const MARKS: Record<Tone, string> = { good: '✓', bad: '✗', plain: '·', dim: ' ' };
const COLORS: Record<Tone, string> = { good: '32', bad: '31', plain: '36', dim: '2' };

export class Output {
  readonly json: boolean;
  readonly #stream: Stream;
  readonly #errors: Stream;
  readonly #color: boolean;
  #live = '';

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.#stream = options.stream ?? process.stdout;
    this.#errors = options.errors ?? process.stderr;
    this.#color = options.color ?? (this.#stream.isTTY === true && !process.env.NO_COLOR);
  }

  /** True when a live status can be shown. */
  get interactive(): boolean {
    return !this.json && this.#stream.isTTY === true;
  }

  /** Something happened: a line, or with --json an object with `event` and `data`. */
  event(
    event: string,
    text: string,
    data: Readonly<Record<string, unknown>> = {},
    tone: Tone = 'plain',
  ): void {
    if (this.json) {
      this.#stream.write(`${JSON.stringify({ event, ...data })}\n`);
      return;
    }
    this.#line(`${this.paint(tone, MARKS[tone])} ${text}`);
  }

  /** Text for people only. */
  text(text: string): void {
    if (!this.json) this.#line(text);
  }

  /** The result as an object: the last line with --json, not shown otherwise. */
  result(data: Readonly<Record<string, unknown>>): void {
    if (this.json) this.#stream.write(`${JSON.stringify(data)}\n`);
  }

  /** Replaces the status at the bottom of the terminal; '' removes it. */
  live(text: string): void {
    if (!this.interactive) return;
    this.#stream.write('\r\u001b[2K');
    this.#live = text.slice(0, (this.#stream.columns ?? 80) - 1);
    this.#stream.write(this.paint('dim', this.#live));
  }

  /** An error with its remedy, or a better one. */
  error(error: unknown, remedy = isSwitchhookError(error) ? error.remedy : undefined): void {
    const known = isSwitchhookError(error);
    const message = error instanceof Error ? error.message : String(error);
    if (this.json) {
      const data = known ? { code: error.code, details: error.details, remedy } : {};
      this.#stream.write(`${JSON.stringify({ event: 'error', message, ...data })}\n`);
      return;
    }
    this.live('');
    this.#errors.write(`${this.paint('bad', MARKS.bad)} ${message}\n`);
    if (remedy) this.#errors.write(`  ${this.paint('dim', remedy)}\n`);
  }

  paint(tone: Tone, text: string): string {
    return this.#color ? `\u001b[${COLORS[tone]}m${text}\u001b[0m` : text;
  }

  #line(text: string): void {
    const live = this.#live;
    if (live) this.live('');
    this.#stream.write(`${text}\n`);
    if (live) this.live(live);
  }
}

/** 83456 → '1:23'. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
