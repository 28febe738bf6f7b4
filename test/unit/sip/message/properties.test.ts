import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_MESSAGE_LIMITS,
  NameAddr,
  Params,
  parseMessage,
  parseUri,
  type SipMessage,
  SipRequest,
  SipResponse,
  SipUri,
  StreamFramer,
  Via,
} from '../../../../src/sip/message/index.js';

const TOKEN = "ABCXYZabcxyz0189-.!%*_+`'~";
const token = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 });
/** Unicode without lone surrogates, which no UTF-8 text can hold. */
const text = fc.string({ unit: 'grapheme', maxLength: 16 });
/** What a quoted-string can say: line ends cannot be in it. */
const quotable = text.map((value) => value.replace(/[\r\n]/g, ''));
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const host = fc.oneof(domain, fc.ipV4(), fc.ipV6());
const port = fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined });

const uriParams = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.option(text.filter(Boolean), { nil: undefined }),
  { maxKeys: 4 },
);
const headerParams = fc.dictionary(token, fc.option(quotable, { nil: undefined }), { maxKeys: 4 });

const sipUri = fc
  .record({
    user: fc.option(text, { nil: undefined }),
    password: fc.option(text, { nil: undefined }),
    host,
    port,
    secure: fc.boolean(),
    params: uriParams,
    headers: fc.array(fc.tuple(text.filter(Boolean), text), { maxLength: 3 }),
  })
  .map(({ headers, ...init }) => {
    const uri = new SipUri(init.user === undefined ? { ...init, password: undefined } : init);
    uri.headers = headers;
    return uri;
  });

const nameAddr = fc
  .tuple(sipUri, fc.option(quotable, { nil: undefined }), headerParams)
  .map(([uri, display, params]) => new NameAddr(uri, display, params));

const via = fc
  .record({
    transport: fc.constantFrom('UDP', 'TCP', 'TLS', 'WS', 'X-NEW'),
    host,
    port,
    params: headerParams,
  })
  .map((init) => new Via(init));

/** Field text: anything in one line, without white space at its ends. */
const value = text.map((v) => v.replace(/[\r\n]/g, '').trim());
const extension = fc.tuple(
  token.map((name) => `X-${name}`),
  value,
);

const message: fc.Arbitrary<SipMessage> = fc
  .record({
    start: fc.oneof(
      fc.tuple(token, sipUri).map(([method, uri]) => new SipRequest(method, uri)),
      fc
        .tuple(fc.integer({ min: 100, max: 699 }), value)
        .map(([status, reason]) => new SipResponse(status, reason)),
    ),
    vias: fc.array(via, { minLength: 1, maxLength: 3 }),
    from: nameAddr,
    to: nameAddr,
    callId: token,
    seq: fc.integer({ min: 0, max: 0x7fffffff }),
    contacts: fc.array(nameAddr, { maxLength: 3 }),
    oneLine: fc.boolean(),
    extensions: fc.array(extension, { maxLength: 4 }),
    body: fc.uint8Array({ maxLength: 64 }),
  })
  .map((parts) => {
    const { start } = parts;
    start.add('Via', parts.vias).add('From', parts.from).add('t', parts.to).add('Call-ID', parts.callId);
    start.add('CSeq', `${parts.seq} ${start instanceof SipRequest ? start.method : 'INVITE'}`);
    start.add(
      'Contact',
      parts.oneLine && parts.contacts.length > 0 ? parts.contacts.join(' , ') : parts.contacts,
    );
    for (const [name, content] of parts.extensions) start.add(name, content);
    start.body = parts.body;
    return start;
  });

function parsed(bytes: Uint8Array): SipMessage {
  const result = parseMessage(bytes);
  if (!result.ok) throw result.error;
  return result.message;
}

describe('properties', () => {
  it('parse ∘ print is the identity of URIs', () => {
    fc.assert(
      fc.property(sipUri, (uri) => {
        const again = parseUri(uri.toString()) as SipUri;
        expect(again.toString()).toBe(uri.toString());
        expect([again.user, again.password, again.host, again.port]).toEqual([
          uri.user,
          uri.password,
          uri.host,
          uri.port,
        ]);
        expect([...again.params]).toEqual([...uri.params]);
        expect(again.headers).toEqual(uri.headers);
        expect(again.equals(uri) && uri.equals(again)).toBe(true);
      }),
    );
  });

  it('equality of URIs is symmetric', () => {
    fc.assert(fc.property(sipUri, sipUri, (a, b) => a.equals(b) === b.equals(a)));
  });

  it('parse ∘ print is the identity of parameters', () => {
    fc.assert(
      fc.property(headerParams, (init) => {
        const params = new Params('header', init);
        expect([...Params.parse(params.toString())]).toEqual([...params]);
      }),
    );
  });

  it('parse ∘ print is the identity of addresses', () => {
    fc.assert(
      fc.property(fc.array(nameAddr, { minLength: 1, maxLength: 3 }), (list) => {
        const again = NameAddr.parseList(list.join(','));
        expect(again.map(String)).toEqual(list.map(String));
        expect(again.map((address) => address.displayName)).toEqual(
          list.map((address) => address.displayName),
        );
        expect(again.map((address) => [...address.params])).toEqual(
          list.map((address) => [...address.params]),
        );
      }),
    );
  });

  it('parse ∘ print is the identity of Via values', () => {
    fc.assert(
      fc.property(via, (v) => {
        expect(Via.parse(v.toString())).toEqual(v);
      }),
    );
  });

  it('parse ∘ print is the identity of messages', () => {
    fc.assert(
      fc.property(message, (m) => {
        const bytes = Buffer.from(m.toBytes());
        const again = parsed(bytes);
        expect(Buffer.from(again.toBytes()).equals(bytes)).toBe(true);
        expect(again.startLine).toBe(m.startLine);
        expect(Buffer.from(again.body).equals(Buffer.from(m.body))).toBe(true);
        expect([again.from, again.to].map(String)).toEqual([m.from, m.to].map(String));
        expect(again.vias.map(String)).toEqual(m.vias.map(String));
        expect(again.contacts.map(String)).toEqual(m.contacts.map(String));
        expect(Buffer.from(again.clone().toBytes()).equals(bytes)).toBe(true);
      }),
    );
  });

  it('a stream gives the same messages however it is cut', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), cuts, (messages, sizes) => {
        const stream = Buffer.concat(messages.map((m) => m.toBytes()));
        const got: string[] = [];
        const framer = new StreamFramer(DEFAULT_MESSAGE_LIMITS, {
          onMessage: (m) => got.push(Buffer.from(m.toBytes()).toString('latin1')),
          onInvalid: ({ error }) => got.push(error.message),
          onKeepAlive: (kind) => got.push(kind),
          onFatal: (error) => got.push(error.message),
        });
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length];
          framer.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(got).toEqual(messages.map((m) => Buffer.from(m.toBytes()).toString('latin1')));
      }),
      { numRuns: 50 },
    );
  });

  it('text never breaks out of a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hostile) => {
        const m = new SipRequest('OPTIONS', new SipUri({ user: hostile, host: 'h', params: { p: hostile } }))
          .add('Via', new Via({ transport: 'UDP', host: 'h', params: { x: hostile } }))
          .add('From', new NameAddr('sip:a@b', hostile, { tag: hostile }))
          .add('To', '<sip:a@b>')
          .add('Call-ID', '1')
          .add('CSeq', '1 OPTIONS');
        const again = parsed(m.toBytes());
        expect([...again.fields()].map(({ name }) => name)).toEqual([
          'Via',
          'From',
          'To',
          'Call-ID',
          'CSeq',
          'Content-Length',
        ]);
      }),
    );
  });
});
