/**
 * Reads and writes the small XML documents SIP carries (PIDF, dialog-info, reginfo, conference-info, IMDN): elements
 * with resolved namespaces, attributes, text. No DTD, so no entities but the five of XML 1.0 and character references;
 * nothing is ever fetched. Documents beyond the bounds are refused before they cost memory.
 */
import { SwitchhookError } from './errors.js';

export interface XmlElement {
  /** Local name. */
  readonly name: string;
  /** Namespace URI; '' for none. */
  readonly ns: string;
  /** By local name, prefixed ones as `{namespace}local`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly within, CDATA included. */
  readonly text: string;
}

export interface XmlLimits {
  /** Characters. */
  maxLength?: number;
  maxDepth?: number;
  maxElements?: number;
  /** A prefix without declaration stands for no namespace, instead of being refused. Default false. */
  undeclaredPrefixes?: boolean;
}

interface OpenElement {
  name: string;
  ns: string;
  attributes: Map<string, string>;
  children: XmlElement[];
  text: string;
  /** As written, for the end tag. */
  qualified: string;
  scope: ReadonlyMap<string, string>;
}

const XML_NS = 'http://www.w3.org/XML/1998/namespace';
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_ATTRIBUTES = 64;
/** NCName, liberally: what matters is where it ends. */
const NAME = /[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*(?::[A-Za-z_\u0080-\uffff][\w.\-\u0080-\uffff]*)?/y;
const SPACE = /[ \t\r\n]*/y;
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** @throws ERR_XML, and nothing else */
export function parseXml(text: string, limits: XmlLimits = {}): XmlElement {
  return new Reader(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, limits).read();
}

class Reader {
  #at = 0;
  #elements = 0;
  readonly #open: OpenElement[] = [];
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #undeclared: boolean;

  constructor(
    private readonly text: string,
    limits: XmlLimits,
  ) {
    this.#undeclared = limits.undeclaredPrefixes ?? false;
    const { maxLength = 1_000_000, maxDepth = 32, maxElements = 20_000 } = limits;
    this.#maxDepth = maxDepth;
    this.#maxElements = maxElements;
    if (text.length > maxLength) this.#fail(`it is longer than ${maxLength} characters`);
    const bad = NOT_XML.exec(text);
    if (bad) this.#fail('a control character', bad.index);
  }

  read(): XmlElement {
    this.#misc();
    if (this.#at >= this.text.length) this.#fail('it has no element');
    let root: XmlElement | undefined = this.#startTag();
    while (!root) root = this.#content();
    this.#misc();
    if (this.#at < this.text.length) this.#fail('there is something behind the document');
    return root;
  }

  /** Declaration, comments and white space around the document. */
  #misc(): void {
    for (;;) {
      this.#space();
      if (this.#is('<?')) this.#skipTo('?>');
      else if (this.#is('<!--')) this.#skipTo('-->');
      else if (this.#is('<!')) this.#fail('a document type is not accepted');
      else return;
    }
  }

  /** What comes next within the innermost element; the root when that ends. */
  #content(): XmlElement | undefined {
    const { text } = this;
    const inner = this.#open[this.#open.length - 1];
    const next = text.indexOf('<', this.#at);
    if (next < 0) this.#fail(`<${inner.qualified}> has no end`);
    if (next > this.#at) inner.text += this.#decode(text.slice(this.#at, next), this.#at);
    this.#at = next;
    if (this.#is('</')) return this.#endTag();
    if (this.#is('<!--')) this.#skipTo('-->');
    else if (this.#is('<![CDATA[')) {
      const end = text.indexOf(']]>', this.#at);
      if (end < 0) this.#fail('a CDATA section has no end');
      inner.text += text.slice(this.#at + 9, end);
      this.#at = end + 3;
    } else if (this.#is('<?')) this.#skipTo('?>');
    else if (this.#is('<!')) this.#fail('a declaration within an element');
    else return this.#startTag();
    return undefined;
  }

  /** @returns the element when it is empty and the root */
  #startTag(): XmlElement | undefined {
    if (!this.#is('<')) this.#fail('text outside of an element');
    if (++this.#elements > this.#maxElements) this.#fail(`it has more than ${this.#maxElements} elements`);
    if (this.#open.length >= this.#maxDepth) this.#fail(`it is deeper than ${this.#maxDepth}`);
    this.#at++;
    const qualified = this.#name();
    const raw = this.#attributes();
    const outer = this.#open[this.#open.length - 1]?.scope ?? new Map([['xml', XML_NS]]);
    const scope = scopeOf(raw, outer);
    const { ns, local } = this.#resolve(qualified, scope, true);
    const attributes = new Map<string, string>();
    for (const [name, value] of raw) {
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
      const resolved = this.#resolve(name, scope, false);
      attributes.set(resolved.ns === '' ? resolved.local : `{${resolved.ns}}${resolved.local}`, value);
    }
    this.#open.push({ name: local, ns, attributes, children: [], text: '', qualified, scope });
    const empty = this.#is('/>');
    this.#at += empty ? 2 : 1;
    return empty ? this.#close() : undefined;
  }

  #attributes(): Map<string, string> {
    const raw = new Map<string, string>();
    for (;;) {
      const before = this.#at;
      this.#space();
      if (this.#is('>') || this.#is('/>')) return raw;
      if (this.#at === before) this.#fail('no space before an attribute');
      const name = this.#name();
      this.#space();
      if (!this.#is('=')) this.#fail(`the attribute ${name} has no value`);
      this.#at++;
      this.#space();
      const quote = this.text[this.#at];
      if (quote !== '"' && quote !== "'") this.#fail(`the value of ${name} is not quoted`);
      const end = this.text.indexOf(quote, this.#at + 1);
      if (end < 0) this.#fail(`the value of ${name} has no end`);
      const value = this.text.slice(this.#at + 1, end);
      if (value.includes('<')) this.#fail(`a "<" in the value of ${name}`);
      if (raw.has(name)) this.#fail(`the attribute ${name} is there twice`);
      if (raw.size >= MAX_ATTRIBUTES) this.#fail(`there are more than ${MAX_ATTRIBUTES} attributes`);
      raw.set(name, this.#decode(value.replace(/[\t\r\n]/g, ' '), this.#at));
      this.#at = end + 1;
    }
  }

  #endTag(): XmlElement | undefined {
    this.#at += 2;
    const name = this.#name();
    this.#space();
    const inner = this.#open[this.#open.length - 1];
    if (!this.#is('>') || name !== inner.qualified) this.#fail(`</${name}> ends <${inner.qualified}>`);
    this.#at++;
    return this.#close();
  }

  #close(): XmlElement | undefined {
    const { name, ns, attributes, children, text } = this.#open.pop() as OpenElement;
    const element: XmlElement = { name, ns, attributes, children, text };
    const outer = this.#open[this.#open.length - 1];
    if (!outer) return element;
    outer.children.push(element);
    return undefined;
  }

  #resolve(
    qualified: string,
    scope: ReadonlyMap<string, string>,
    useDefault: boolean,
  ): { ns: string; local: string } {
    const colon = qualified.indexOf(':');
    if (colon < 0) return { ns: useDefault ? (scope.get('') ?? '') : '', local: qualified };
    const ns = scope.get(qualified.slice(0, colon));
    if (ns === undefined && this.#undeclared) return { ns: '', local: qualified.slice(colon + 1) };
    if (ns === undefined) this.#fail(`the prefix of ${qualified} has no namespace`);
    return { ns, local: qualified.slice(colon + 1) };
  }

  #decode(text: string, at: number): string {
    if (!text.includes('&')) return text;
    return text.replace(/&([^;&\s]{1,12};?)?/g, (whole, body: string | undefined) => {
      const name = body?.endsWith(';') ? body.slice(0, -1) : '';
      const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
      if (known !== undefined) return known;
      const number = /^#x([0-9a-f]{1,6})$/i.exec(name) ?? /^#(\d{1,7})$/.exec(name);
      const code = number ? Number.parseInt(number[1], /^#x/i.test(name) ? 16 : 10) : Number.NaN;
      const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      if (!valid || (code < 0xffff && NOT_XML.test(String.fromCharCode(code))))
        this.#fail(`"${whole}" is no entity`, at);
      return String.fromCodePoint(code);
    });
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const match = NAME.exec(this.text);
    if (!match) this.#fail('a name is missing');
    this.#at += match[0].length;
    return match[0];
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += (SPACE.exec(this.text) as RegExpExecArray)[0].length;
  }

  #is(token: string): boolean {
    return this.text.startsWith(token, this.#at);
  }

  #skipTo(token: string): void {
    const end = this.text.indexOf(token, this.#at);
    if (end < 0) this.#fail(`"${token}" is missing`);
    this.#at = end + token.length;
  }

  #fail(why: string, at = this.#at): never {
    throw new SwitchhookError('ERR_XML', { at, why });
  }
}

/** The namespaces in force within an element. */
function scopeOf(
  raw: ReadonlyMap<string, string>,
  outer: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let scope: Map<string, string> | undefined;
  for (const [name, value] of raw) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    scope ??= new Map(outer);
    scope.set(name === 'xmlns' ? '' : name.slice(6), value);
  }
  return scope ?? outer;
}

/** The children of that name; `ns` only when it matters. */
export function childrenOf(element: XmlElement, name: string, ns?: string): XmlElement[] {
  return element.children.filter((child) => child.name === name && (ns === undefined || child.ns === ns));
}

export function childOf(element: XmlElement, name: string, ns?: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name && (ns === undefined || child.ns === ns));
}

/** The trimmed text of a child; undefined when it is not there or empty. */
export function textOf(element: XmlElement, name: string, ns?: string): string | undefined {
  return childOf(element, name, ns)?.text.trim() || undefined;
}

/** What {@link printXml} prints: names as they shall stand, with prefix if need be. */
export interface XmlNode {
  name: string;
  attributes?: Readonly<Record<string, string | number | undefined>>;
  /** Left out when undefined. */
  children?: ReadonlyArray<XmlNode | undefined>;
  text?: string;
}

export function printXml(root: XmlNode): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\r\n${print(root)}\r\n`;
}

function print({ name, attributes = {}, children = [], text }: XmlNode): string {
  let start = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) start += ` ${key}="${escapeText(String(value))}"`;
  }
  const inner =
    (text === undefined ? '' : escapeText(text)) +
    children.map((child) => (child ? print(child) : '')).join('');
  return inner === '' ? `${start}/>` : `${start}>${inner}</${name}>`;
}

function escapeText(text: string): string {
  return text
    .replace(new RegExp(NOT_XML, 'g'), '')
    .replace(/[&<>"\t\r\n]/g, (char) =>
      char === '&'
        ? '&amp;'
        : char === '<'
          ? '&lt;'
          : char === '>'
            ? '&gt;'
            : char === '"'
              ? '&quot;'
              : `&#${char.charCodeAt(0)};`,
    );
}
