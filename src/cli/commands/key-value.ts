/**
 * `switchhook serveraddress=… username=… password=… callto=… autocall=true loglevel=1`: the plain form that scripts
 * written for other softphones use. Every setting may stand there. Registers, and with `autocall=true` calls; stays
 * until that call is over, or without one until API_Exit or Ctrl-C.
 */
import { fromArguments } from '../../webphone/index.js';
import type { Output } from '../output.js';
import { runWebphone } from '../run-webphone.js';

/** True when the arguments are of this form. */
export function isKeyValueForm(args: readonly string[]): boolean {
  return args.length > 0 && args.every((arg) => /^[a-z_]\w*=/i.test(arg));
}

export function runKeyValue(args: readonly string[], output: Output): Promise<number> {
  return runWebphone({ pairs: fromArguments(args), output });
}
