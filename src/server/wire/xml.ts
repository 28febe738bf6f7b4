/**
 * XML: `<request><function>API_Call</function><line>-1</line><peer>1234</peer></request>`, or the function as the root,
 * `<API_Call><line>-1</line>…</API_Call>`. Answered with `<response>`, whose `<result>` is the clear text.
 */
import {
  accepted,
  type ControlAnswer,
  fromNamedValues,
  type Parsed,
  refused,
  valueText,
  type WireArgument,
  type WireFormat,
} from './request.js';
import { escapeXml, readXml, type XmlElement } from './xml-tree.js';

const APART = ['parameters', 'params', 'args', 'arguments'];

export const xmlFormat: WireFormat = {
  name: 'xml',
  mediaType: 'application/xml; charset=utf-8',
  parse(text, named) {
    const root = readXml(text);
    if (!root) return refused('that is not well-formed XML');
    return fromElement(root, named);
  },
  print: (answer) => `<?xml version="1.0" encoding="UTF-8"?>\n<response>${answerElements(answer)}</response>`,
};

function fromElement(root: XmlElement, named: string | undefined): Parsed {
  const attribute = Object.entries(root.attributes).find(([name]) => name.toLowerCase() === 'function')?.[1];
  const id = root.attributes.id;
  const name = /^api_/i.test(root.name) ? root.name : attribute;
  const values = argumentsOf(root);
  const parsed = name ? accepted(name.trim(), values) : fromNamedValues(values, named);
  if (!parsed.ok || id === undefined) return parsed;
  return { ok: true, request: { ...parsed.request, id } };
}

/** The arguments below an element; those in a `<parameters>` are as good as those beside it. */
export function argumentsOf(element: XmlElement): WireArgument[] {
  return element.children.flatMap((child): WireArgument[] => {
    if (APART.includes(child.name.toLowerCase()) && child.children.length > 0) return argumentsOf(child);
    // `<param>…</param>` and `<parameter name="line">…</parameter>`
    const name = /^param(eter)?$/i.test(child.name) ? child.attributes.name : child.name;
    return [name === undefined ? { value: child.text.trim() } : { name, value: textOf(child) }];
  });
}

/** White space around a single line comes from the layout of the document. */
function textOf({ text }: XmlElement): string {
  return text.includes('\n') && text.trim().includes('\n') ? text : text.trim();
}

/** What stands in a `<response>`. */
export function answerElements({ name, args, ok, text, id }: ControlAnswer): string {
  const parameters = args.map(
    (argument, i) =>
      `<parameter name="${escapeXml(argument.name ?? `param${i + 1}`)}">${escapeXml(valueText(argument.value))}</parameter>`,
  );
  return [
    `<function>${escapeXml(name)}</function>`,
    `<parameters>${parameters.join('')}</parameters>`,
    `<ok>${ok}</ok>`,
    `<result>${escapeXml(text)}</result>`,
    ...(id === undefined ? [] : [`<id>${escapeXml(String(id))}</id>`]),
  ].join('');
}
