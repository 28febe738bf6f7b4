/**
 * The one entry through which every surface runs a function: in-process code, the servers and the command line. It
 * never throws: a failure is the function's failure value and an ERROR notification.
 */
import type { WebphoneContext } from '../webphone-context.js';
import { type ApiArguments, BindError, bind } from './bind.js';
import type { ApiValue, FunctionSpec } from './spec.js';
import { findFunction } from './table.js';

export type { ApiArguments } from './bind.js';

export function execute(
  context: WebphoneContext,
  name: string,
  given: ApiArguments = [],
): ApiValue | Promise<ApiValue> {
  const spec = findFunction(name);
  if (!spec) {
    context.report(`${name}: no such function`);
    return false;
  }
  try {
    const args = bind(spec, given, (text) => context.reveal(text));
    if (spec.waitingFor) context.warnOnce(spec.name, `${spec.name} does nothing yet: ${spec.waitingFor}`);
    const result = spec.run(context, args);
    return result instanceof Promise
      ? result.catch((error: unknown) => failed(context, spec, error))
      : result;
  } catch (error) {
    return failed(context, spec, error);
  }
}

function failed(context: WebphoneContext, spec: FunctionSpec, error: unknown): ApiValue {
  const reason = error instanceof Error ? error.message : String(error);
  context.report(error instanceof BindError ? reason : `${spec.name}: ${reason}`, error);
  return spec.failure === 'ERROR' ? `ERROR: ${reason}` : spec.failure;
}
