/**
 * `BOFCOMMANDBOFLINEfunction=API_CallEOFLINEBOFLINEparam1=-1EOFLINEEOFCOMMAND`: the form that needs no quoting, since
 * only the marks themselves cannot stand in a value. Answered in the same frame, with the parts of the clear text as
 * its lines.
 */
import {
  accepted,
  fromNamedValues,
  MAX_ARGUMENTS,
  refused,
  valueText,
  type WireArgument,
  type WireFormat,
} from './request.js';

export const FRAME_START = 'BOFCOMMAND';
export const FRAME_END = 'EOFCOMMAND';
const LINE_START = 'BOFLINE';
const LINE_END = 'EOFLINE';

export const framedFormat: WireFormat = {
  name: 'framed',
  mediaType: 'text/plain; charset=utf-8',
  parse(text) {
    const trimmed = text.trim();
    if (!trimmed.startsWith(FRAME_START) || !trimmed.endsWith(FRAME_END))
      return refused('the frame is not complete');
    const lines = frameLines(trimmed.slice(FRAME_START.length, -FRAME_END.length));
    if (!lines) return refused('the frame is not made of lines');
    const values: WireArgument[] = [];
    for (const line of lines) {
      const at = line.indexOf('=');
      const named = at > 0 && /^\s*[A-Za-z_]\w*\s*$/.test(line.slice(0, at));
      values.push(named ? { name: line.slice(0, at).trim(), value: line.slice(at + 1) } : { value: line });
    }
    if (values.some(({ name }) => name?.toLowerCase() === 'function')) return fromNamedValues(values);
    const [first, ...rest] = values;
    return first && first.name === undefined
      ? accepted(String(first.value).trim(), rest)
      : refused('no function is named');
  },
  print: ({ name, args, text }) =>
    [
      FRAME_START,
      ...[
        `APIREQUEST:${name}`,
        ...args.map(({ value }, i) => `RPARAM${i + 1}:${valueText(value)}`),
        `APIRESULT:${text}`,
      ].map((line) => `${LINE_START}${line}${LINE_END}`),
      FRAME_END,
    ].join(''),
};

/** undefined when there is anything but white space between the lines. */
function frameLines(text: string): string[] | undefined {
  const lines: string[] = [];
  let at = 0;
  while (text.slice(at).trim() !== '') {
    const start = text.indexOf(LINE_START, at);
    if (start < 0 || text.slice(at, start).trim() !== '' || lines.length > MAX_ARGUMENTS + 1)
      return undefined;
    const end = text.indexOf(LINE_END, start + LINE_START.length);
    if (end < 0) return undefined;
    lines.push(text.slice(start + LINE_START.length, end));
    at = end + LINE_END.length;
  }
  return lines;
}
