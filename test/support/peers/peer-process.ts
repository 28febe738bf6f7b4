/**
 * A peer program of the interop tests: started in a process group of its own, its output kept and searchable, ended
 * by id with everything it forked. Made by Workbench.start.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** Generous: the machine may be slow and busy. */
const READY_MS = 30_000;
const GRACE_MS = 3000;
/** Output beyond this is cut at its beginning. */
const MAX_LOG = 4_000_000;

export interface PeerOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
}

interface Waiter {
  look(): void;
}

/** Groups to end should the test process end without its hooks. */
const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) killGroup(pid, 'SIGKILL');
});

export class PeerProcess {
  readonly pid: number;
  /** Resolves with the exit code, or the signal's name, when the program has ended. */
  readonly exited: Promise<number | string>;
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiters = new Set<Waiter>();
  #log = '';
  #result: number | string | undefined;

  constructor(program: string, args: readonly string[], options: PeerOptions = {}) {
    this.#name = program;
    this.#child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LANG: 'C', ...options.env },
      stdio: 'pipe',
      detached: true,
    });
    const { pid } = this.#child;
    this.pid = pid ?? 0;
    if (pid !== undefined) running.add(pid);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#append(text));
    }
    this.#child.stdin.on('error', () => {});
    this.exited = new Promise((resolve) => {
      const end = (result: number | string): void => {
        if (this.#result !== undefined) return;
        this.#result = result;
        this.#append(`\n[${program} ended: ${result}]\n`);
        resolve(result);
      };
      this.#child.on('error', (error) => end(error.message));
      this.#child.on('close', (code, signal) => end(code ?? signal ?? 'unknown'));
    });
  }

  /** What it wrote so far to standard output and standard error. */
  get log(): string {
    return this.#log;
  }

  /** Types a line. */
  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /**
   * Waits until its output matches.
   * @param from where in the log to begin; its start when absent
   * @throws Error with the end of the log, when it does not within the time or the program ends before
   */
  waitFor(pattern: RegExp, options: { timeoutMs?: number; from?: number } = {}): Promise<RegExpExecArray> {
    const { timeoutMs = READY_MS, from = 0 } = options;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const fail = (why: string): void => {
        settle();
        reject(new Error(`${this.#name}: no ${pattern} in its output ${why}\n${this.#log.slice(-3000)}`));
      };
      const waiter: Waiter = {
        look: () => {
          const match = pattern.exec(this.#log.slice(from));
          if (match) {
            settle();
            resolve(match);
          } else if (this.#result !== undefined) fail('when it ended');
        },
      };
      const timer = setTimeout(() => fail(`within ${timeoutMs} ms`), timeoutMs);
      this.#waiters.add(waiter);
      waiter.look();
    });
  }

  /** Ends the program and all it started: asked first, then by force. */
  async stop(): Promise<void> {
    if (this.#result !== undefined || this.pid === 0) {
      running.delete(this.pid);
      return;
    }
    killGroup(this.pid, 'SIGTERM');
    const force = setTimeout(() => killGroup(this.pid, 'SIGKILL'), GRACE_MS);
    await this.exited;
    clearTimeout(force);
    // What it forked may outlive it.
    killGroup(this.pid, 'SIGKILL');
    running.delete(this.pid);
  }

  #append(text: string): void {
    this.#log += text;
    if (this.#log.length > MAX_LOG) this.#log = this.#log.slice(-MAX_LOG / 2);
    for (const waiter of this.#waiters) waiter.look();
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}
