/** Finds the format of a text (a line, a frame, a datagram, a body) by its first characters, or by its Content-Type. */
import { commaFormat } from './comma.js';
import { formFormat } from './form.js';
import { FRAME_START, framedFormat } from './framed.js';
import { jsonFormat } from './json.js';
import { keyValueFormat } from './key-value.js';
import { multipartFormat } from './multipart.js';
import { queryFormat } from './query.js';
import type { WireFormat } from './request.js';
import { isSoap, soapFormat } from './soap.js';
import { xmlFormat } from './xml.js';

export function detectFormat(text: string): WireFormat {
  const start = text.trimStart();
  switch (start[0]) {
    case '{':
    case '[':
      return jsonFormat;
    case '<':
      return isSoap(start) ? soapFormat : xmlFormat;
    case '?':
    case '/':
      return queryFormat;
  }
  if (start.startsWith(FRAME_START)) return framedFormat;
  // What ends the first pair says what separates the others.
  const pair = /^\s*[A-Za-z_]\w*\s*=[^,&\r\n]*([,&\r\n]?)/.exec(start);
  if (!pair) return commaFormat;
  if (pair[1] === '&') return queryFormat;
  if (pair[1] === '\r' || pair[1] === '\n')
    return start.trimEnd().length > pair[0].length ? keyValueFormat : commaFormat;
  return commaFormat;
}

/** The format of an HTTP body: what the Content-Type says when it says something, else what the body looks like. */
export function formatOfBody(contentType: string, body: string): WireFormat {
  const type = contentType.split(';', 1)[0].trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') {
    // curl -d sends everything under this name.
    return /^\s*[{<]/.test(body) ? detectFormat(body) : formFormat;
  }
  if (type === 'multipart/form-data') return multipartFormat(contentType) ?? formFormat;
  if (type === 'application/soap+xml') return soapFormat;
  if (/[/+]json$/.test(type)) return jsonFormat;
  return detectFormat(body);
}
