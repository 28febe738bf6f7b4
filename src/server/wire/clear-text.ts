/**
 * The answer as clear text, `APIREQUEST:API_CallRPARAM1:-1RPARAM2:1234APIRESULT:OK: initiated`: what comma text, call
 * syntax and query strings are answered with. The part before APIRESULT tells a client that has sent several requests
 * which of them this is.
 */
import { type ControlAnswer, valueText } from './request.js';

export function printClearText({ name, args, text }: ControlAnswer): string {
  return `APIREQUEST:${name}${args.map(({ value }, i) => `RPARAM${i + 1}:${valueText(value)}`).join('')}APIRESULT:${text}`;
}
