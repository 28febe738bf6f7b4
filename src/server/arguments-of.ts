/**
 * From the arguments on the wire to those of a function: `param1` … `paramN` are positions, names are matched without
 * regard to case, and what only concerns the server (`token`, `client`, an `id`) is taken out unless the function has
 * a parameter of that name.
 */
import type { ControlFunctionSpec } from './command-target.js';
import type { WireArgument, WireValue } from './wire/request.js';

const POSITION = /^param([1-9]\d?)$/i;
const FOR_SERVER: readonly string[] = ['token', 'client', 'id'];

export interface SplitArguments {
  /** What the function gets, as it came. */
  readonly args: readonly WireArgument[];
  readonly token?: string;
  readonly client?: string;
}

export function splitArguments(
  args: readonly WireArgument[],
  spec: ControlFunctionSpec | undefined,
): SplitArguments {
  const forServer: Record<string, string> = {};
  const kept = args.filter(({ name, value }) => {
    const key = name?.toLowerCase();
    if (key === undefined || !FOR_SERVER.includes(key)) return true;
    if (spec?.overloads.some((overload) => overload.some((argument) => argument.name.toLowerCase() === key)))
      return true;
    forServer[key] = String(value ?? '');
    return false;
  });
  return { args: kept, token: forServer.token, client: forServer.client };
}

/** An array when all are given by position, else an object by the names of the function. */
export function callArguments(
  args: readonly WireArgument[],
  spec: ControlFunctionSpec,
): readonly WireValue[] | Readonly<Record<string, WireValue>> {
  const positions = args.map(({ name }, i) =>
    name === undefined ? i : Number(POSITION.exec(name)?.[1] ?? 0) - 1,
  );
  if (positions.every((position) => position >= 0)) return inOrder(args, positions, spec);
  const overload =
    spec.overloads.find((one) => one.length >= args.length) ??
    spec.overloads[spec.overloads.length - 1] ??
    [];
  const names = new Map(spec.overloads.flat().map(({ name }) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    args.map(({ name, value }, i) => {
      const own = name === undefined ? undefined : names.get(name.toLowerCase());
      return [own ?? overload[positions[i]]?.name ?? name ?? `param${i + 1}`, value];
    }),
  );
}

function inOrder(
  args: readonly WireArgument[],
  positions: readonly number[],
  spec: ControlFunctionSpec,
): readonly WireValue[] {
  const values: WireValue[] = Array.from(
    { length: Math.max(0, ...positions.map((position) => position + 1)) },
    () => '',
  );
  for (const [i, { value }] of args.entries()) values[positions[i]] = value;
  // Commas in the last text: `API_SendChat,-1,bob,hello, how are you`.
  const longest = Math.max(0, ...spec.overloads.map((overload) => overload.length));
  const surplus = longest > 0 && values.length > longest && args.every(({ name }) => name === undefined);
  return surplus
    ? [
        ...values.slice(0, longest - 1),
        values
          .slice(longest - 1)
          .map(String)
          .join(','),
      ]
    : values;
}
