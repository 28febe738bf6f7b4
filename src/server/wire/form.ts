/** Form posts: `application/x-www-form-urlencoded`, answered with a form: `function=…&param1=…&result=OK%3A+initiated`. */
import { parseQuery } from './query.js';
import { type ControlAnswer, valueText, type WireFormat } from './request.js';

export const formFormat: WireFormat = {
  name: 'form',
  mediaType: 'application/x-www-form-urlencoded; charset=utf-8',
  parse: parseQuery,
  print: (answer) => new URLSearchParams(answerPairs(answer)).toString(),
};

/** An answer as pairs, for the formats that consist of them. */
export function answerPairs({ name, args, text }: ControlAnswer): Array<[string, string]> {
  return [
    ['function', name],
    ...args.map(({ value }, i): [string, string] => [`param${i + 1}`, valueText(value)]),
    ['result', text],
  ];
}
