/** Runs a Node program of this project and collects what it prints; for the system tests. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export const projectRoot: string = join(import.meta.dirname, '..', '..');
export const cliPath: string = join(projectRoot, 'dist', 'cli', 'main.js');

export interface RunResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class NodeProgram {
  stdout = '';
  stderr = '';
  readonly finished: Promise<RunResult>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #watchers: Array<() => void> = [];

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd: string = projectRoot,
  ) {
    this.#child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const watch of this.#watchers) watch();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#child.stdin.on('error', () => {});
    this.finished = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        for (const watch of this.#watchers) watch();
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Writes to standard input. */
  send(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Resolves with the match when standard output has it; rejects when the program ends or `timeoutMs` pass first. */
  until(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((other) => other !== look);
        settle();
      };
      const told = (): string => `no ${pattern} in:\n${this.stdout}\n${this.stderr}`;
      const look = (): void => {
        const match = pattern.exec(this.stdout);
        if (match) finish(() => resolve(match));
        else if (this.#child.exitCode !== null)
          finish(() => reject(new Error(`the program ended: ${told()}`)));
      };
      const timer = setTimeout(() => finish(() => reject(new Error(told()))), timeoutMs);
      this.#watchers.push(look);
      look();
    });
  }

  /** Asks the program to end, and makes it end when it does not. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<RunResult> {
    if (this.#child.exitCode === null) this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    const result = await this.finished;
    clearTimeout(force);
    return result;
  }
}

export function runNode(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  cwd?: string,
): Promise<RunResult> {
  return new NodeProgram(args, env, cwd).finished;
}
