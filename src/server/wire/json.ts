/**
 * JSON: `{"function":"API_Call","line":-1,"peer":"1234"}`, or the arguments apart as `"parameters"`, an object or an
 * array. Answered with `{"function","parameters","ok","value","result"}`, and the `id` of the request.
 */
import {
  accepted,
  type ControlAnswer,
  type ControlRequest,
  MAX_ARGUMENTS,
  type Parsed,
  refused,
  type WireArgument,
  type WireFormat,
  type WireValue,
} from './request.js';

const APART = ['parameters', 'params', 'args', 'arguments'] as const;

export const jsonFormat: WireFormat = {
  name: 'json',
  mediaType: 'application/json; charset=utf-8',
  parse(text, named) {
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch {
      return refused('that is not JSON');
    }
    return fromObject(data, named);
  },
  print: (answer) => JSON.stringify(answerObject(answer)),
};

function fromObject(data: unknown, named: string | undefined): Parsed {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return refused('one JSON object is expected');
  const entries = Object.entries(data as Record<string, unknown>);
  const name = entries.find(([key]) => key.toLowerCase() === 'function')?.[1] ?? named;
  if (typeof name !== 'string') return refused('no function is named');
  // `{"function":"API_SetParameters","parameters":"a=1"}` is an argument of that name.
  const apart = entries.find(
    ([key, value]) => isOneOf(key, APART) && typeof value === 'object' && value !== null,
  );
  const id = entries.find(([key]) => key === 'id')?.[1];
  const label = typeof id === 'string' || typeof id === 'number' ? id : undefined;
  let args: Array<{ name?: string; value: unknown }>;
  if (!apart) {
    args = entries
      .filter(([key]) => key.toLowerCase() !== 'function')
      .map(([key, value]) => ({ name: key, value }));
  } else if (Array.isArray(apart[1])) {
    args = (apart[1] as unknown[]).map((value) => ({ value }));
  } else {
    args = Object.entries(apart[1] as Record<string, unknown>).map(([key, value]) => ({ name: key, value }));
    // What says who asks stands beside the parameters.
    args.push(
      ...entries
        .filter(([key]) => isOneOf(key, ['token', 'client']))
        .map(([key, value]) => ({ name: key, value })),
    );
  }
  if (args.length > MAX_ARGUMENTS) return refused(`more than ${MAX_ARGUMENTS} arguments`);
  const wire: WireArgument[] = [];
  for (const { name: key, value } of args) {
    if (!isWireValue(value))
      return refused(`the argument ${key ?? wire.length + 1} is neither text nor number`);
    wire.push(key === undefined ? { value } : { name: key, value });
  }
  return accepted(name.trim(), wire, label);
}

function isOneOf(key: string, names: readonly string[]): boolean {
  return names.includes(key.toLowerCase());
}

function isWireValue(value: unknown): value is WireValue {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** An answer as the object JSON answers and server-sent events carry. */
function answerObject({ name, args, ok, value, text, id }: ControlAnswer): Record<string, unknown> {
  return {
    function: name,
    parameters: parametersOf(args),
    ok,
    value,
    result: text,
    ...(id !== undefined && { id }),
  };
}

function parametersOf(args: ControlRequest['args']): Record<string, WireValue> | WireValue[] {
  return args.every(({ name }) => name === undefined)
    ? args.map(({ value }) => value)
    : Object.fromEntries(args.map(({ name, value }, i) => [name ?? `param${i + 1}`, value]));
}
