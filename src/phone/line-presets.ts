/**
 * What calls of a line are made with beside what they are told: set for one line, the active one, the very next call or
 * all, for once or for good. Part of LineTable; Phone takes them when it dials.
 */

export type PresetScope = number | 'active' | 'next' | 'all';

export class LinePresets<T extends object> {
  readonly #active: () => number;
  #all: Partial<T> = {};
  readonly #permanent = new Map<number, Partial<T>>();
  readonly #once = new Map<number, Partial<T>>();
  #next: Partial<T> = {};

  constructor(active: () => number) {
    this.#active = active;
  }

  /**
   * Adds to what is set already; a value of undefined clears that one.
   * @param options.permanent for every call of that line, not for its present or next one only
   */
  set(scope: PresetScope, values: Partial<T>, options: { permanent?: boolean } = {}): void {
    if (scope === 'all') this.#all = merged(this.#all, values);
    else if (scope === 'next') this.#next = merged(this.#next, values);
    else {
      const line = scope === 'active' ? this.#active() : scope;
      const where = options.permanent ? this.#permanent : this.#once;
      where.set(line, merged(where.get(line), values));
    }
  }

  /** What is set for a line now. */
  get(line: number): Partial<T> {
    return { ...this.#all, ...this.#permanent.get(line), ...this.#once.get(line), ...this.#next };
  }

  /** What a new call of that line is made with; what was for once is gone. */
  take(line: number): Partial<T> {
    const values = this.get(line);
    this.#once.delete(line);
    this.#next = {};
    return values;
  }

  /** Forgets everything, or everything of one scope. */
  clear(scope?: PresetScope): void {
    if (scope === undefined || scope === 'all') this.#all = {};
    if (scope === undefined || scope === 'next') this.#next = {};
    if (scope === undefined) {
      this.#permanent.clear();
      this.#once.clear();
    } else if (typeof scope === 'number' || scope === 'active') {
      const line = scope === 'active' ? this.#active() : scope;
      this.#permanent.delete(line);
      this.#once.delete(line);
    }
  }
}

function merged<T extends object>(before: Partial<T> | undefined, values: Partial<T>): Partial<T> {
  const after: Partial<T> = { ...before, ...values };
  for (const key of Object.keys(values) as (keyof T)[]) if (values[key] === undefined) delete after[key];
  return after;
}
