/**
 * SOAP 1.1 and 1.2: the body holds one element named like the function, `<API_Call><line>-1</line>…`, or a request as
 * in plain XML. Answered in an envelope of the 1.1 kind with `<API_CallResponse>`.
 */
import { accepted, fromNamedValues, refused, type WireFormat } from './request.js';
import { answerElements, argumentsOf } from './xml.js';
import { escapeXml, readXml } from './xml-tree.js';

const ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';

/** True when the root is an envelope; looks only at the beginning. */
export function isSoap(text: string): boolean {
  return /^(<\?[^>]{0,200}\?>|<!--[^>]{0,500}-->|\s)*<([A-Za-z_][\w.-]{0,30}:)?Envelope\b/.test(
    text.slice(0, 2000),
  );
}

export const soapFormat: WireFormat = {
  name: 'soap',
  mediaType: 'text/xml; charset=utf-8',
  parse(text, named) {
    const root = readXml(text);
    if (root?.name !== 'Envelope') return refused('that is no SOAP envelope');
    const body = root.children.find(({ name }) => name === 'Body');
    const [call] = body?.children ?? [];
    if (!call) return refused('the body of the envelope is empty');
    return /^api_/i.test(call.name)
      ? accepted(call.name, argumentsOf(call))
      : fromNamedValues(argumentsOf(call), named);
  },
  print(answer) {
    const name = `${escapeXml(answer.name) || 'Error'}Response`;
    return `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${ENVELOPE}"><soap:Body><${name}>${answerElements(answer)}</${name}></soap:Body></soap:Envelope>`;
  },
};
