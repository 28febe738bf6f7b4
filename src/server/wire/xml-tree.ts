/**
 * Just enough XML for requests: elements, attributes and text, with the five entities, character references and CDATA.
 * Prefixes are cut off names. Bounded in depth and number; declarations of types and entities are refused, and with
 * them everything that could refer to something outside.
 */

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const MAX_DEPTH = 16;
const MAX_ELEMENTS = 512;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const TAG =
  /<(\/?)([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const ATTRIBUTE = /([\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** @returns undefined when the text is not one well-formed document */
export function readXml(text: string): XmlElement | undefined {
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open: Array<{ element: XmlElement; qualified: string }> = [];
  let count = 0;
  let at = 0;
  while (at < text.length) {
    const parent = open.at(-1)?.element ?? root;
    if (text[at] !== '<') {
      const next = text.indexOf('<', at);
      const end = next < 0 ? text.length : next;
      const plain = decoded(text.slice(at, end));
      if (plain === undefined) return undefined;
      parent.text += plain;
      at = end;
      continue;
    }
    const skipped = skip(text, at, parent);
    if (skipped === undefined) return undefined;
    if (skipped > at) {
      at = skipped;
      continue;
    }
    TAG.lastIndex = at;
    const tag = TAG.exec(text);
    if (!tag || ++count > MAX_ELEMENTS || open.length > MAX_DEPTH) return undefined;
    const [whole, closing, prefix = '', name, attributes, empty] = tag;
    at += whole.length;
    if (closing) {
      if (open.pop()?.qualified !== prefix + name) return undefined;
      continue;
    }
    const element: XmlElement = { name, attributes: readAttributes(attributes), children: [], text: '' };
    parent.children.push(element);
    if (!empty) open.push({ element, qualified: prefix + name });
  }
  const whole = open.length === 0 && root.children.length === 1 && root.text.trim() === '';
  return whole ? root.children[0] : undefined;
}

/** Past a comment, an instruction or CDATA; `at` when there is none; undefined for a DOCTYPE and what never ends. */
function skip(text: string, at: number, parent: XmlElement): number | undefined {
  for (const [start, end] of [
    ['<!--', '-->'],
    ['<?', '?>'],
    ['<![CDATA[', ']]>'],
  ]) {
    if (!text.startsWith(start, at)) continue;
    const stop = text.indexOf(end, at + start.length);
    if (stop < 0) return undefined;
    if (start === '<![CDATA[') parent.text += text.slice(at + start.length, stop);
    return stop + end.length;
  }
  return text.startsWith('<!', at) ? undefined : at;
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Array<[string, string]> = [];
  for (const [, , name, double, single] of text.matchAll(ATTRIBUTE)) {
    attributes.push([name, decoded(double ?? single) ?? '']);
  }
  return Object.fromEntries(attributes);
}

function decoded(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let known = true;
  const plain = text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{1,8});|&/gi, (_, entity: string | undefined) => {
    const value = entity === undefined ? undefined : entity[0] === '#' ? reference(entity) : ENTITIES[entity];
    if (value === undefined) known = false;
    return value ?? '';
  });
  return known ? plain : undefined;
}

function reference(entity: string): string | undefined {
  const code = /^#x/i.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    ? String.fromCodePoint(code)
    : undefined;
}

/** Text as it stands in an element or an attribute; characters XML 1.0 §2.2 does not know are left out. */
export function escapeXml(text: string): string {
  return text
    .replace(
      /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '',
    )
    .replace(/[<>&"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
