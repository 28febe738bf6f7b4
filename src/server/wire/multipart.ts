/**
 * `multipart/form-data` (RFC 7578), as browsers send a `FormData`. Only fields of text are read; a file is refused,
 * since no function takes one. Answered like any form.
 */
import { formFormat } from './form.js';
import {
  fromNamedValues,
  MAX_ARGUMENTS,
  type Parsed,
  refused,
  type WireArgument,
  type WireFormat,
} from './request.js';

const MAX_BOUNDARY = 70;

/** The format for bodies with this Content-Type; undefined without a usable boundary. */
export function multipartFormat(contentType: string): WireFormat | undefined {
  const match = /;\s*boundary=(?:"([^"]*)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (!boundary || boundary.length > MAX_BOUNDARY) return undefined;
  return { ...formFormat, name: 'multipart', parse: (text, named) => parse(text, boundary, named) };
}

function parse(text: string, boundary: string, named: string | undefined): Parsed {
  const parts = `\r\n${text}`.split(`\r\n--${boundary}`);
  if (parts.length < 3 || !parts.at(-1)?.startsWith('--')) return refused('the form is not complete');
  if (parts.length > MAX_ARGUMENTS + 3) return refused(`more than ${MAX_ARGUMENTS} arguments`);
  const values: WireArgument[] = [];
  for (const part of parts.slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n');
    if (end < 0) return refused('a part of the form has no end of header');
    const disposition = /^content-disposition:(.*)$/im.exec(part.slice(0, end))?.[1] ?? '';
    const name = /;\s*name="([^"]*)"/i.exec(disposition)?.[1];
    if (name === undefined) return refused('a part of the form has no name');
    if (/;\s*filename\*?=/i.test(disposition)) return refused('files cannot be sent');
    values.push({ name, value: part.slice(end + 4) });
  }
  return fromNamedValues(values, named);
}
