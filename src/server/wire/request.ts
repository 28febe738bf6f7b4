/**
 * What every wire format carries: the call of one function, and its answer. The formats parse texts into a
 * {@link ControlRequest} and print a {@link ControlAnswer}; they are pure, never throw, and know no function.
 */

/** What an argument or a result is on the wire: buffers, streams and objects cannot be sent. */
export type WireValue = string | number | boolean | null;

export interface WireArgument {
  /** As the documentation names it, or `param1` … `paramN`; undefined when given by position. */
  readonly name?: string;
  readonly value: WireValue;
}

export interface ControlRequest {
  readonly name: string;
  /** In the order they came. */
  readonly args: readonly WireArgument[];
  /** Handed back with the answer (JSON, XML). */
  readonly id?: string | number;
}

export interface ControlAnswer {
  /** '' when the request could not be read. */
  readonly name: string;
  readonly args: readonly WireArgument[];
  readonly ok: boolean;
  readonly value: WireValue;
  /** The value as clear text: usually begins with OK or ERROR. */
  readonly text: string;
  readonly id?: string | number;
}

export type Parsed =
  | { readonly ok: true; readonly request: ControlRequest }
  | { readonly ok: false; readonly problem: string };

export interface WireFormat {
  readonly name: string;
  readonly mediaType: string;
  /** @param named the function when the text need not name one: it stood in the path of a URL */
  parse(text: string, named?: string): Parsed;
  print(answer: ControlAnswer): string;
}

/** Bounds of one request, whatever its format; its length is bounded by the transport. */
export const MAX_ARGUMENTS = 64;
const NAME = /^[A-Za-z_]\w{0,63}$/;

export function refused(problem: string): Parsed {
  return { ok: false, problem };
}

/** Checks what all formats have in common. */
export function accepted(name: string, args: readonly WireArgument[], id?: string | number): Parsed {
  if (!NAME.test(name)) return refused(name ? 'that is not the name of a function' : 'no function is named');
  if (args.length > MAX_ARGUMENTS) return refused(`more than ${MAX_ARGUMENTS} arguments`);
  return { ok: true, request: id === undefined ? { name, args } : { name, args, id } };
}

/** Makes a request of named values, one of which is the function: `function=NAME`, `line=-1`, … in any order. */
export function fromNamedValues(values: readonly WireArgument[], named?: string): Parsed {
  const at = values.findIndex(({ name }) => name?.toLowerCase() === 'function');
  if (at < 0) return named ? accepted(named, values) : refused('no function is named');
  return accepted(
    String(values[at].value).trim(),
    values.filter((_, index) => index !== at),
  );
}

/** An argument or result as clear text. */
export function valueText(value: WireValue): string {
  return value === null ? '' : String(value);
}
