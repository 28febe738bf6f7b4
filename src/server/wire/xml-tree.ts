/**
 * The XML of requests as plain trees: prefixes and namespaces are left out, since clients write what they like. Bounded in
 * depth and number, beside what base/xml.ts refuses.
 */
import { isSwitchhookError } from '../../base/errors.js';
import { parseXml, type XmlElement as XmlNode } from '../../base/xml.js';

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const LIMITS = { maxDepth: 16, maxElements: 512, undeclaredPrefixes: true };

/** @returns undefined when the text is not one well-formed document */
export function readXml(text: string): XmlElement | undefined {
  try {
    return plain(parseXml(text.trim(), LIMITS));
  } catch (error) {
    if (isSwitchhookError(error, 'ERR_XML')) return undefined;
    throw error;
  }
}

function plain({ name, attributes, children, text }: XmlNode): XmlElement {
  const named = [...attributes].map(([key, value]) => [key.replace(/^\{.*\}/, ''), value]);
  return { name, attributes: Object.fromEntries(named), children: children.map(plain), text };
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
