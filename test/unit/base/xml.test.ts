import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../src/base/errors.js';
import { childOf, childrenOf, parseXml, printXml, textOf } from '../../../src/base/xml.js';

describe('parseXml', () => {
  it('resolves namespaces of elements and attributes', () => {
    const root = parseXml(
      '<?xml version="1.0"?>\n<!-- c --><p:a xmlns:p="urn:p" xmlns="urn:d" x="1" p:y="2"><b xmlns=""/><c/><p:d xmlns:p="urn:q"/></p:a>\n',
    );
    expect([root.ns, root.name]).toEqual(['urn:p', 'a']);
    expect([...root.attributes]).toEqual([
      ['x', '1'],
      ['{urn:p}y', '2'],
    ]);
    expect(root.children.map(({ ns, name }) => `${ns}|${name}`)).toEqual(['|b', 'urn:d|c', 'urn:q|d']);
  });

  it('decodes the five entities, character references and CDATA', () => {
    const root = parseXml('<a t="&quot;&#65;&apos;">&lt;&amp;&#x20AC;&gt;<![CDATA[<&>]]></a>');
    expect(root.text).toBe('<&€><&>');
    expect(root.attributes.get('t')).toBe('"A\'');
  });

  it.each([
    ['', 'no element'],
    ['text', 'outside'],
    ['<a>', 'no end'],
    ['<a></b>', 'ends'],
    ['<a/><b/>', 'behind'],
    ['<a x=1/>', 'not quoted'],
    ['<a x="1" x="2"/>', 'twice'],
    ['<a x="<"/>', '"<"'],
    ['<p:a/>', 'namespace'],
    ['<a>&unknown;</a>', 'entity'],
    ['<a>& b</a>', 'entity'],
    ['<a>&#0;</a>', 'entity'],
    ['<a>\u0001</a>', 'control'],
    ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'document type'],
    ['<a><!ENTITY x "y"></a>', 'declaration'],
    ['<a><![CDATA[x</a>', 'CDATA'],
    ['<a', 'attribute'],
  ])('%j is refused', (text, why) => {
    let thrown: unknown;
    try {
      parseXml(text);
    } catch (error) {
      thrown = error;
    }
    expect(isSwitchhookError(thrown, 'ERR_XML')).toBe(true);
    expect(String(thrown)).toContain(why);
  });

  it('is bounded in length, depth and number', () => {
    expect(() => parseXml(`<a>${'x'.repeat(2_000_000)}</a>`)).toThrow('longer');
    expect(() => parseXml('<a>'.repeat(100_000))).toThrow('deeper');
    expect(() => parseXml(`<a>${'<b/>'.repeat(30_000)}</a>`)).toThrow('more than');
    expect(() => parseXml(`<a ${Array.from({ length: 100 }, (_, n) => `x${n}=""`).join(' ')}/>`)).toThrow(
      'attributes',
    );
  });

  it('never throws anything else, whatever it gets', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ':',
      '=',
      '"',
      "'",
      '&',
      ';',
      ' ',
      '<!',
      '--',
      '<?',
      '?>',
      ']]>',
      'xmlns',
      '#',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((all) => all.join('')),
        ),
        (text) => {
          try {
            parseXml(text);
          } catch (error) {
            return isSwitchhookError(error, 'ERR_XML');
          }
          return true;
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reads what printXml wrote', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        const clean = (raw: string): string =>
          raw.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
        const root = parseXml(
          printXml({ name: 'a', attributes: { v: value }, children: [{ name: 'b', text }, undefined] }),
        );
        expect(root.attributes.get('v')).toBe(clean(value));
        expect(childOf(root, 'b')?.text).toBe(clean(text));
        expect(textOf(root, 'b')).toBe(clean(text).trim() || undefined);
        expect(childrenOf(root, 'b', 'urn:x')).toEqual([]);
      }),
    );
  });
});
