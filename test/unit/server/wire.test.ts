/** The wire formats alone: what a client writes is read, what we print it can read, and nothing makes them fail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commaFormat } from '../../../src/server/wire/comma.js';
import { detectFormat, formatOfBody } from '../../../src/server/wire/detect.js';
import { framedFormat } from '../../../src/server/wire/framed.js';
import { jsonFormat } from '../../../src/server/wire/json.js';
import { queryFormat } from '../../../src/server/wire/query.js';
import type { ControlAnswer, ControlRequest, WireFormat } from '../../../src/server/wire/request.js';
import { soapFormat } from '../../../src/server/wire/soap.js';
import { xmlFormat } from '../../../src/server/wire/xml.js';
import { escapeXml, readXml } from '../../../src/server/wire/xml-tree.js';
import { ENCODINGS, pairsOf } from '../../support/control/requests.js';

const parsed = (format: WireFormat, text: string): ControlRequest => {
  const result = format.parse(text);
  if (!result.ok) throw new Error(result.problem);
  return result.request;
};
const problem = (format: WireFormat, text: string): string => {
  const result = format.parse(text);
  return result.ok ? 'accepted' : result.problem;
};

/** Text that every format can carry: no controls, nothing at the ends that is layout, no marks of the frame. */
const value = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter(
    (text) =>
      text === text.trim() && !/[\0-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|OFLINE|OFCOMMAND/.test(text),
  )
  // Kept for telephone numbers; a form would write a blank so.
  .filter((text) => !/^\+?\d/.test(text) || !text.startsWith(' '));
const args = fc
  .array(value, { maxLength: 6 })
  .map((values) => values.map((one, i) => [`arg${i}`, one] as const));

describe('the formats', () => {
  it.each(ENCODINGS)('read what a client writes as $name', ({ encode, contentType }) => {
    fc.assert(
      fc.property(args, (pairs) => {
        const text = encode('API_Something', pairs);
        const request = parsed(formatOfBody(contentType, text), text);
        expect(request.name).toBe('API_Something');
        const values = pairsOf(request);
        // The filler of a request without arguments.
        expect(pairs.length === 0 ? [] : values).toEqual(pairs.map(([, one]) => one));
      }),
      { numRuns: 300 },
    );
  });

  it.each(ENCODINGS)('print answers a client of $name can read', ({ encode, contentType, result }) => {
    const format = formatOfBody(contentType, encode('API_Something', [['a', 'b']]));
    fc.assert(
      fc.property(value, args, (text, pairs) => {
        const answer: ControlAnswer = {
          name: 'API_Something',
          args: pairs.map(([name, one]) => ({ name, value: one })),
          ok: true,
          value: text,
          text,
        };
        fc.pre(!pairs.some(([, one]) => one.includes('APIRESULT:')));
        expect(result(format.print(answer))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('take any text without throwing, and in time', () => {
    const formats = [commaFormat, queryFormat, framedFormat, jsonFormat, xmlFormat, soapFormat];
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const format of [...formats, detectFormat(text)]) {
          format.parse(text);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['quotes', 'API_X,'.padEnd(65_000, '"')],
    ['commas', 'API_X'.padEnd(65_000, ',')],
    ['quoted commas', `API_X,${'"a",'.repeat(15_000)}`],
    ['ampersands', 'function=API_X'.padEnd(65_000, '&')],
    ['percent', `function=API_X&a=${'%'.repeat(65_000)}`],
    ['blanks', `function=API_X,a${' '.repeat(65_000)}`],
    ['blanks before an equals sign', ' '.repeat(65_000)],
    ['parentheses', `API_X(${'('.repeat(65_000)}`],
    ['frames', 'BOFCOMMAND'.repeat(6000)],
    ['lines', `BOFCOMMAND${'BOFLINEEOFLINE'.repeat(4000)}EOFCOMMAND`],
    ['depth', '<a>'.repeat(20_000)],
    ['attributes', `<a ${'b="c" '.repeat(10_000)}`],
    ['comments', '<!--'.repeat(16_000)],
    ['brackets', '['.repeat(65_000)],
    ['envelopes', '<?'.repeat(30_000)],
  ])('are not slow with many %s', (_, text) => {
    const before = performance.now();
    for (let i = 0; i < 5; i++) {
      detectFormat(text).parse(text);
      commaFormat.parse(text);
      formatOfBody('multipart/form-data; boundary=a', text).parse(text);
    }
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

describe('the examples of the manual', () => {
  it.each([
    ['function=API_TestEcho,echo=test', [{ name: 'echo', value: 'test' }]],
    ['function=API_TestEcho,param1=test', [{ name: 'param1', value: 'test' }]],
    ['API_TestEcho,test', [{ value: 'test' }]],
    ['API_TestEcho("test")', [{ value: 'test' }]],
    ['function=API_TestEcho&echo=test', [{ name: 'echo', value: 'test' }]],
    ['/?function=API_TestEcho&echo=test', [{ name: 'echo', value: 'test' }]],
    [
      'BOFCOMMANDBOFLINEfunction=API_TestEchoEOFLINEBOFLINEparam1=testEOFLINEEOFCOMMAND',
      [{ name: 'param1', value: 'test' }],
    ],
    ['API_TestEcho', []],
    ['API_TestEcho()', []],
  ])('[socket-api/0] %s', (text, expected) => {
    expect(parsed(detectFormat(text), text)).toEqual({ name: 'API_TestEcho', args: expected });
  });

  it('[socket-api/1] the answer is that of the manual', () => {
    const answer: ControlAnswer = {
      name: 'API_Call',
      args: [{ name: 'line', value: '1' }, { value: 1234 }],
      ok: true,
      value: true,
      text: 'RESULT',
    };
    expect(commaFormat.print(answer)).toBe('APIREQUEST:API_CallRPARAM1:1RPARAM2:1234APIRESULT:RESULT');
    expect(framedFormat.print(answer)).toBe(
      'BOFCOMMANDBOFLINEAPIREQUEST:API_CallEOFLINEBOFLINERPARAM1:1EOFLINEBOFLINERPARAM2:1234EOFLINEBOFLINEAPIRESULT:RESULTEOFLINEEOFCOMMAND',
    );
  });
});

describe('clear text', () => {
  it('joins commas to the value they stand in', () => {
    const text = 'function=API_SendChat,line=-1,peer=bob,message=hello, how are you, bob';
    expect(parsed(commaFormat, text).args.at(-1)).toEqual({
      name: 'message',
      value: 'hello, how are you, bob',
    });
  });

  it('takes the function at any place, and in any case', () => {
    expect(parsed(detectFormat('line=-1&FUNCTION=API_Call'), 'line=-1&FUNCTION=API_Call').name).toBe(
      'API_Call',
    );
    expect(parsed(detectFormat('line=-1,Function=API_Call'), 'line=-1,Function=API_Call').name).toBe(
      'API_Call',
    );
  });

  it('keeps the plus of a telephone number', () => {
    expect(parsed(queryFormat, 'function=API_Call&peer=+36205551234').args[0].value).toBe('+36205551234');
    expect(parsed(queryFormat, 'function=API_SendChat&message=a+b').args[0].value).toBe('a b');
  });

  it.each([
    [commaFormat, ''],
    [commaFormat, '=,='],
    [commaFormat, 'rm -rf /'],
    [queryFormat, 'a=b'],
    [queryFormat, 'function='],
    [framedFormat, 'BOFCOMMANDfunction=API_XEOFCOMMAND'],
    [jsonFormat, '[]'],
    [jsonFormat, '{"function":7}'],
    [jsonFormat, '{"function":"API_X","a":{}}'],
    [xmlFormat, '<a><b></a></b>'],
    [xmlFormat, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    [xmlFormat, '<a>&unknown;</a>'],
    [soapFormat, '<Envelope><Body/></Envelope>'],
  ])('says what is wrong: %#', (format, text) => {
    expect(problem(format, text)).not.toBe('accepted');
  });

  it('bounds the number of arguments', () => {
    const many = Array.from({ length: 65 }, (_, i) => `a${i}=1`);
    expect(problem(commaFormat, `function=API_X,${many.join(',')}`)).toMatch(/64 arguments/);
    expect(problem(queryFormat, `function=API_X&${many.join('&')}`)).toMatch(/64 arguments/);
    expect(problem(jsonFormat, JSON.stringify({ function: 'API_X', args: many }))).toMatch(/64 arguments/);
  });

  it('hands names like __proto__ on as names', () => {
    const request = parsed(jsonFormat, '{"function":"API_X","__proto__":"a"}');
    expect(request.args).toEqual([{ name: '__proto__', value: 'a' }]);
    expect(JSON.parse(jsonFormat.print({ ...request, ok: true, value: 1, text: '1' }))).toHaveProperty(
      'result',
      '1',
    );
  });
});

describe('JSON', () => {
  it('carries numbers, truth values and an id', () => {
    const request = parsed(
      jsonFormat,
      '{"function":"API_Call","id":7,"parameters":{"line":-1,"now":true},"token":"t"}',
    );
    expect(request).toEqual({
      name: 'API_Call',
      id: 7,
      args: [
        { name: 'line', value: -1 },
        { name: 'now', value: true },
        { name: 'token', value: 't' },
      ],
    });
    const answer = jsonFormat.print({
      ...request,
      args: request.args.slice(0, 2),
      ok: true,
      value: true,
      text: 'OK: initiated',
    });
    expect(JSON.parse(answer)).toEqual({
      function: 'API_Call',
      parameters: { line: -1, now: true },
      ok: true,
      value: true,
      result: 'OK: initiated',
      id: 7,
    });
  });
});

describe('XML', () => {
  it('reads entities, references, CDATA, comments and prefixes', () => {
    const root = readXml(
      '<?xml version="1.0"?><!-- a --><x:a b:c="&lt;1&#x2F;">t<![CDATA[<&>]]><d/>&amp;&#33;</x:a>',
    );
    expect(root).toEqual({
      name: 'a',
      attributes: { c: '<1/' },
      text: 't<&>&!',
      children: [{ name: 'd', attributes: {}, children: [], text: '' }],
    });
  });

  it('escapes so that it reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text));
        expect(readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)).toMatchObject({
          text,
          attributes: { b: text },
        });
      }),
    );
  });

  it('takes parameters by element, by name, and in a group', () => {
    const text =
      '<request function="API_Call" id="9"><parameters><parameter name="line">-1</parameter><peer>1</peer></parameters></request>';
    expect(parsed(xmlFormat, text)).toEqual({
      name: 'API_Call',
      id: '9',
      args: [
        { name: 'line', value: '-1' },
        { name: 'peer', value: '1' },
      ],
    });
  });
});
