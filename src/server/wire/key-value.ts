/** `key=value` lines, one of them `function=NAME`: a POST of plain text, or a datagram of several lines. */
import { answerPairs } from './form.js';
import { fromNamedValues, MAX_ARGUMENTS, refused, type WireArgument, type WireFormat } from './request.js';

export const keyValueFormat: WireFormat = {
  name: 'key-value',
  mediaType: 'text/plain; charset=utf-8',
  parse(text, named) {
    const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
    if (lines.length > MAX_ARGUMENTS * 2) return refused(`more than ${MAX_ARGUMENTS} arguments`);
    const values: WireArgument[] = [];
    for (const line of lines) {
      const at = line.indexOf('=');
      if (at < 1) return refused('a line is not key=value');
      values.push({ name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() });
    }
    return fromNamedValues(values, named);
  },
  print: (answer) =>
    answerPairs(answer)
      .map(([key, value]) => `${key}=${value.replace(/[\r\n]+/g, ' ')}`)
      .join('\r\n'),
};
