/** What a subcommand of the command line is. */
import type { OptionName, Parsed } from './arguments.js';
import type { Output } from './output.js';

export interface Command {
  readonly name: string;
  /** Positional arguments, for the help: "<uri>". */
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly OptionName[];
  readonly examples: readonly string[];
  /** @returns the exit code; errors may be thrown */
  run(parsed: Parsed, output: Output): Promise<number>;
}
