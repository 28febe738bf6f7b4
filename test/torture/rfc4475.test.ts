/**
 * The torture messages of RFC 4475, byte for byte, each with what its section of the RFC says about it. Where the RFC
 * leaves a choice, the one taken here is named. What a user agent, registrar or proxy has to answer is checked through
 * validateRequest, which they call.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_MESSAGE_LIMITS,
  type NameAddr,
  type ParseFailure,
  parseMessage,
  parseMultipart,
  partType,
  SipRequest,
  SipResponse,
  type SipUri,
  StreamFramer,
  type ValidationRules,
  validateRequest,
} from '../../src/sip/message/index.js';
import { hasShared, sharedPath } from '../support/shared.js';

const uas: ValidationRules = {
  role: 'uas',
  methods: ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'MESSAGE'],
  extensions: ['100rel', 'timer', 'replaces'],
  bodyTypes: ['application/sdp', 'text/plain', 'multipart/mixed'],
};
const registrar: ValidationRules = { role: 'registrar', methods: ['REGISTER', 'OPTIONS'] };
const proxy: ValidationRules = { role: 'proxy' };

const bytesOf = (name: string): Buffer =>
  readFileSync(sharedPath('vectors', 'sip-torture', 'rfc4475', `${name}.dat`));

function request(name: string): SipRequest {
  const result = parseMessage(bytesOf(name));
  if (!result.ok) throw result.error;
  expect(result.message).toBeInstanceOf(SipRequest);
  return result.message as SipRequest;
}

function response(name: string): SipResponse {
  const result = parseMessage(bytesOf(name));
  if (!result.ok) throw result.error;
  expect(result.message).toBeInstanceOf(SipResponse);
  return result.message as SipResponse;
}

function failure(name: string): ParseFailure {
  const result = parseMessage(bytesOf(name));
  if (result.ok) throw new Error(`${name} was accepted`);
  return result;
}

/** A malformed request that is answered with `status`: the response goes the way of the top Via. */
function rejected(name: string, status: number): ParseFailure {
  const result = failure(name);
  expect(result.status).toBe(status);
  if (!result.request) throw new Error(`${name} cannot be answered`);
  const answer = SipResponse.for(result.request, status);
  expect(answer.topVia?.host).toBeTruthy();
  expect(answer.toString()).toMatch(new RegExp(`^SIP/2\\.0 ${status} `));
  return result;
}

/** A malformed response, which is dropped. */
function dropped(name: string): void {
  const result = failure(name);
  expect(result.request).toBeUndefined();
}

const user = (address: NameAddr | undefined): string | undefined =>
  (address?.uri as SipUri | undefined)?.user;

function contactUri(message: SipRequest): SipUri {
  const uri = message.contact?.uri;
  if (uri?.kind !== 'sip') throw new Error('the Contact is not a SIP URI');
  return uri;
}

const expectations: Record<string, () => void> = {
  // 3.1.1 valid messages
  wsinv() {
    const message = request('wsinv');
    expect(message.method).toBe('INVITE');
    expect((message.uri as SipUri).params.has('unknownparam')).toBe(true);
    expect(message.to.uri.toString()).toBe('sip:vivekg@chair-dnrc.example.com');
    expect(message.to.tag).toBe('1918181833n');
    expect(message.from.displayName).toBe('J Rosenberg \\"');
    expect(message.from.tag).toBe('98asjd8');
    expect(message.maxForwards).toBe(68);
    expect(message.callId).toBe('wsinv.ndaksdj@192.0.2.1');
    expect(message.contentLength).toBe(150);
    expect(message.body.length).toBe(150);
    expect(message.cseq).toMatchObject({ seq: 9, method: 'INVITE' });
    expect(message.vias.map((via) => [via.transport, via.sentBy, via.branch])).toEqual([
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ]);
    expect(message.subject).toBe('');
    expect(message.get('NewFangledHeader')).toBe('newfangled value continued newfangled value');
    expect(message.get('UnknownHeaderWithUnusualValue')).toBe(';;,,;;,;');
    expect(message.contentType?.is('application/sdp')).toBe(true);
    const [route] = message.routes;
    expect((route.uri as SipUri).lr).toBe(true);
    expect((route.uri as SipUri).params.get('unknownwith')).toBe('value');
    expect((route.uri as SipUri).params.has('unknown-no-value')).toBe(true);
    expect(message.contact?.displayName).toBe('Quoted string ""');
    expect(message.contact?.params.get('newparam')).toBe('newvalue');
    expect(message.contact?.params.has('secondparam')).toBe(true);
    expect(message.contact?.params.get('q')).toBe('0.33');
    expect(validateRequest(message, uas)).toBeUndefined();
  },
  intmeth() {
    const message = request('intmeth');
    expect(message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
    expect(message.cseq).toMatchObject({ seq: 139122385, method: message.method });
    const uri = message.uri as SipUri;
    expect(uri.user).toBe("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    expect(uri.password).toBe("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    expect(uri.host).toBe('example.com');
    expect(message.topVia?.branch).toBe("z9hG4bK-.!%66*_+`'~");
    expect(message.to.displayName).toBe('BEL:\x07 NUL:\0 DEL:\x7f');
    expect(message.from.displayName).toBe("token1~` token2'+_ token3*%!.-");
    expect(message.from.params.get("fromParam''~+*_!.-%")).toBe('работающий');
    expect(message.from.tag).toBe("_token~1'+`*%!-.");
    expect(message.callId).toBe('intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
    expect(message.maxForwards).toBe(255);
    expect(message.get("extensionHeader-!.%*+_`'~")).toBe('\ufeff大停電');
    expect(validateRequest(message, proxy)).toBeUndefined();
    const answer = validateRequest(message, uas);
    expect(answer?.status).toBe(501);
    expect(answer?.headers).toEqual([['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE']]);
  },
  esc01() {
    const message = request('esc01');
    const uri = message.uri as SipUri;
    expect([uri.user, uri.host]).toEqual(['sips:user@example.com', 'example.net']);
    expect(user(message.to)).toBe('user');
    expect(user(message.from)).toBe('I have spaces');
    const contact = contactUri(message);
    expect(contact.user).toBe('caller');
    expect(contact.lr).toBe(true);
    expect(contact.params.get('name')).toBe('value%41');
    expect(validateRequest(message, uas)).toBeUndefined();
  },
  escnull() {
    const message = request('escnull');
    expect(user(message.to)).toBe('null-\0-null');
    expect(message.contacts.map(user)).toEqual(['\0', '\0\0']);
    expect(message.contacts[0].uri.equals(message.contacts[1].uri)).toBe(false);
    expect(validateRequest(message, registrar)).toBeUndefined();
  },
  esc02() {
    const message = request('esc02');
    expect(message.method).toBe('RE%47IST%45R');
    expect(message.to.displayName).toBe('%Z%45');
    expect(message.contacts).toHaveLength(2);
    expect(message.get('C%6Fntact')).toBe('<sip:alias2@host2.example.com>');
    expect(validateRequest(message, uas)?.status).toBe(501);
  },
  lwsdisp() {
    const message = request('lwsdisp');
    expect(message.from.displayName).toBe('caller');
    expect(message.from.tag).toBe('323');
  },
  longreq() {
    const message = request('longreq');
    expect(message.vias).toHaveLength(34);
    expect(message.topVia?.sentBy).toBe('sip33.example.com');
    expect(message.vias[33].branch).toHaveLength(4 + 50 * 4 + 'branchvalue'.length);
    expect(message.to.displayName).toHaveLength('I have a user name of  proportion'.length + 70);
    expect((message.to.uri as SipUri).port).toBe(6000);
    expect((message.to.uri as SipUri).params.size).toBe(3);
    expect(message.from.tag).toBe(`12${'982'.repeat(50)}424`);
    expect(message.callId.startsWith('longreq.onereallyreally')).toBe(true);
    expect(message.body.length).toBe(150);
  },
  dblreq() {
    const message = request('dblreq');
    expect(message.method).toBe('REGISTER');
    expect(message.body.length).toBe(0);
    expect(message.toString()).not.toContain('INVITE');
    expect(validateRequest(message, registrar)).toBeUndefined();
  },
  semiuri() {
    const message = request('semiuri');
    const uri = message.uri as SipUri;
    expect([uri.user, uri.host, uri.params.size]).toEqual(['user;par=u@example.net', 'example.com', 0]);
    expect(message.accept).toHaveLength(6);
    expect(message.startLine).toBe('OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0');
  },
  transports() {
    const { vias } = request('transports');
    expect(vias.map((via) => via.transport)).toEqual(['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP']);
  },
  mpart01() {
    const message = request('mpart01');
    const parts = parseMultipart(message);
    expect(parts).toHaveLength(2);
    expect(partType(parts[0]).is('text/plain')).toBe(true);
    expect(Buffer.from(parts[0].body).toString()).toBe('Hello');
    expect(partType(parts[1]).essence).toBe('application/octet-stream');
    expect(parts[1].headers.get('content-transfer-encoding')).toBe('binary');
    expect(parts[1].body.includes(0)).toBe(true);
    expect(Buffer.from(parts[1].body.subarray(0, 4)).toString('hex')).toBe('30820152');
    expect(parts[1].body.length).toBe(0x152 + 4);
  },
  unreason() {
    const message = response('unreason');
    expect(message.status).toBe(200);
    expect(message.reason).toBe('= 2**3 * 5**2 но сто девяносто девять - простое');
  },
  noreason() {
    const message = response('noreason');
    expect([message.status, message.reason]).toEqual([100, '']);
  },

  // 3.1.2 invalid messages
  badinv01: () => void rejected('badinv01', 400),
  clerr() {
    rejected('clerr', 400);
    // Over a stream the rest may still come.
    const events: string[] = [];
    feed('clerr', events);
    expect(events).toEqual([]);
  },
  ncl() {
    rejected('ncl', 400);
    const events: string[] = [];
    feed('ncl', events);
    expect(events).toEqual(['invalid 400', 'fatal']);
  },
  scalar02() {
    const { error, request: read } = rejected('scalar02', 400);
    expect(error.message).toContain('CSeq');
    expect(() => read?.maxForwards).toThrow('Max-Forwards');
    expect(() => read?.expires).toThrow('Expires');
    expect(read?.contact?.params.get('expires')).toBe('280297596632815');
  },
  scalarlg: () => dropped('scalarlg'),
  quotbal: () => void rejected('quotbal', 400),
  /** Choice: rejected rather than the brackets ignored. */
  ltgtruri: () => void rejected('ltgtruri', 400),
  lwsruri: () => void rejected('lwsruri', 400),
  /** Choice: rejected. */
  lwsstart: () => void rejected('lwsstart', 400),
  /** Choice: rejected. */
  trws: () => void rejected('trws', 400),
  escruri() {
    const message = request('escruri');
    expect((message.uri as SipUri).headers).toEqual([['Route', '<sip:example.com>']]);
    expect(message.routes).toEqual([]);
    for (const rules of [uas, proxy]) expect(validateRequest(message, rules)?.status).toBe(400);
  },
  baddate() {
    const message = request('baddate');
    expect(() => message.date).toThrow('Date header');
    expect(validateRequest(message, uas)).toBeUndefined();
  },
  regbadct() {
    const message = request('regbadct');
    expect(() => message.contacts).toThrow('Contact header');
    expect(validateRequest(message, registrar)?.status).toBe(400);
  },
  /** Choice: rejected rather than the spaces ignored. */
  badaspec: () => void rejected('badaspec', 400),
  baddn: () => void rejected('baddn', 400),
  badvers: () => void rejected('badvers', 505),
  mismatch01: () => void rejected('mismatch01', 400),
  mismatch02: () => void rejected('mismatch02', 501),
  bigcode: () => dropped('bigcode'),

  // 3.2 transaction layer
  badbranch() {
    const message = request('badbranch');
    expect(message.topVia?.branch).toBe('z9hG4bK');
    expect(validateRequest(message, uas)?.status).toBe(400);
  },

  // 3.3 application layer
  insuf() {
    const { request: read } = rejected('insuf', 400);
    expect([read?.has('From'), read?.has('To'), read?.has('Call-ID')]).toEqual([false, false, false]);
  },
  unkscm() {
    const message = request('unkscm');
    expect(message.uri).toMatchObject({ kind: 'other', scheme: 'nobodyknowsthisscheme' });
    expect(validateRequest(message, uas)?.status).toBe(416);
  },
  novelsc() {
    const message = request('novelsc');
    expect(message.uri).toMatchObject({ kind: 'other', scheme: 'soap.beep' });
    expect(validateRequest(message, uas)?.status).toBe(416);
  },
  unksm2() {
    const message = request('unksm2');
    expect(message.to.uri).toMatchObject({ scheme: 'isbn' });
    expect(message.from.uri).toMatchObject({ scheme: 'http' });
    expect(message.contact?.uri).toMatchObject({ scheme: 'name' });
    expect(validateRequest(message, proxy)).toBeUndefined();
    expect(validateRequest(message, registrar)?.status).toBe(400);
  },
  bext01() {
    const message = request('bext01');
    expect(validateRequest(message, uas)).toMatchObject({
      status: 420,
      headers: [['Unsupported', 'nothingSupportsThis, nothingSupportsThisEither']],
    });
    expect(validateRequest(message, proxy)).toMatchObject({
      status: 420,
      headers: [['Unsupported', 'noProxiesSupportThis, norDoAnyProxiesSupportThis']],
    });
  },
  invut() {
    const message = request('invut');
    expect(validateRequest(message, proxy)).toBeUndefined();
    const answer = validateRequest(message, uas);
    expect(answer?.status).toBe(415);
    expect(answer?.headers[0][0]).toBe('Accept');
  },
  regaut01() {
    const message = request('regaut01');
    const [credentials] = message.authorization;
    expect([credentials.scheme, credentials.isDigest]).toEqual(['NoOneKnowsThisScheme', false]);
    expect(message.toString()).toContain('Authorization: NoOneKnowsThisScheme opaque-data=here\r\n');
    expect(validateRequest(message, registrar)).toBeUndefined();
    expect(validateRequest(message, uas)?.status).toBe(405);
  },
  multi01: () => void rejected('multi01', 400),
  mcl01() {
    rejected('mcl01', 400);
    const events: string[] = [];
    feed('mcl01', events);
    expect(events).toEqual(['invalid 400', 'fatal']);
  },
  /** Dropped by an endpoint because it has more than one Via (RFC 3261 §8.1.3.3). */
  bcast() {
    const { vias } = response('bcast');
    expect(vias.map((via) => via.host)).toEqual(['192.0.2.198', '255.255.255.255']);
  },
  zeromf() {
    const message = request('zeromf');
    expect(message.maxForwards).toBe(0);
    expect(validateRequest(message, proxy)?.status).toBe(483);
    expect(validateRequest(message, uas)).toBeUndefined();
  },
  cparam01() {
    const message = request('cparam01');
    expect(message.contact?.params.has('unknownparam')).toBe(true);
    expect(contactUri(message).params.has('unknownparam')).toBe(false);
    expect(validateRequest(message, registrar)).toBeUndefined();
  },
  cparam02() {
    const message = request('cparam02');
    expect(message.contact?.params.has('unknownparam')).toBe(false);
    expect(message.contact?.uri.toString()).toBe('sip:+19725552222@gw1.example.net;unknownparam');
    expect(validateRequest(message, registrar)).toBeUndefined();
  },
  regescrt() {
    const message = request('regescrt');
    expect(contactUri(message).headers).toEqual([['Route', '<sip:sip.example.com>']]);
    expect(message.contact?.uri.toString()).toBe('sip:user@example.com?Route=%3Csip:sip.example.com%3E');
    expect(validateRequest(message, registrar)).toBeUndefined();
  },
  sdp01() {
    const message = request('sdp01');
    expect(message.accept.map((type) => type.essence)).toEqual(['text/nobodyknowsthis']);
    const answer = validateRequest(message, uas);
    expect(answer?.status).toBe(406);
    expect(answer?.headers[0][1]).toMatch(/^399 /);
  },
  inv2543() {
    const message = request('inv2543');
    expect(message.topVia?.branch).toBeUndefined();
    expect(message.from.tag).toBeUndefined();
    expect(message.to.params.get('user')).toBe('phone');
    expect(message.maxForwards).toBeUndefined();
    expect(message.contentLength).toBeUndefined();
    expect(message.bodyText).toMatch(/^v=0\r\n/);
    expect(validateRequest(message, uas)).toBeUndefined();
  },
  /** In the archive but not in the RFC's text: not a SIP message (no version, no Via), so there is nobody to answer. */
  test: () => dropped('test'),
};

function feed(name: string, events: string[]): void {
  const framer = new StreamFramer(DEFAULT_MESSAGE_LIMITS, {
    onMessage: (message) => events.push(message.startLine),
    onInvalid: (result) => events.push(`invalid ${result.status}`),
    onKeepAlive: (kind) => events.push(kind),
    onFatal: () => events.push('fatal'),
  });
  framer.push(bytesOf(name));
}

const wellFormed = (name: string): boolean => parseMessage(bytesOf(name)).ok;

describe.skipIf(!hasShared)('RFC 4475', () => {
  for (const [name, expectation] of Object.entries(expectations)) it(name, expectation);

  it('has an expectation for every message of the archive', () => {
    const files = readdirSync(sharedPath('vectors', 'sip-torture', 'rfc4475')).map((file) =>
      file.replace('.dat', ''),
    );
    expect(Object.keys(expectations).sort()).toEqual(files.sort());
  });

  it('prints every accepted message so that it reads the same again', () => {
    for (const name of Object.keys(expectations)) {
      if (!wellFormed(name)) continue;
      const first = parseMessage(bytesOf(name));
      if (!first.ok) continue;
      const printed = first.message.toBytes();
      const second = parseMessage(printed);
      expect(second.ok, name).toBe(true);
      if (second.ok) expect(Buffer.from(second.message.toBytes())).toEqual(Buffer.from(printed));
    }
  });
});
