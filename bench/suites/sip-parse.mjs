/**
 * How long the message parser needs for an 872-byte INVITE, with the headers a user agent reads of every INVITE, and
 * to print it again. Yardstick: the parser of the npm package `sip` on the same bytes, reading the same headers.
 */
import sip from 'sip';
import { DEFAULT_MESSAGE_LIMITS, parseMessage, StreamFramer } from '../../dist/sip/index.js';

const body = [
  'v=0',
  'o=- 3872913741 3872913741 IN IP4 192.0.2.101',
  's=-',
  'c=IN IP4 192.0.2.101',
  't=0 0',
  'm=audio 40376 RTP/AVP 8 0 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=sendrecv',
  '',
].join('\r\n');

const head = [
  'INVITE sip:bob@biloxi.example.com;transport=udp SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.101:5060;rport;branch=z9hG4bKnashds8k2j4h5',
  'Max-Forwards: 70',
  'Route: <sip:proxy.atlanta.example.com;lr>',
  'From: "Alice Adams" <sip:alice@atlanta.example.com>;tag=9fxced76sl',
  'To: "Bob" <sip:bob@biloxi.example.com>',
  'Call-ID: 3848276298220188511@192.0.2.101',
  'CSeq: 4711 INVITE',
  'Contact: <sip:alice@192.0.2.101:5060;transport=udp>',
  'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, NOTIFY',
  'Supported: 100rel, timer, replaces',
  'User-Agent: PADDING',
  'Content-Type: application/sdp',
  `Content-Length: ${body.length}`,
  '',
  '',
].join('\r\n');

const SIZE = 872;
const missing = SIZE - head.length - body.length;
const invite = Buffer.from(head.replace('PADDING', `PADDING${'x'.repeat(missing)}`) + body);
if (invite.length !== SIZE) throw new Error(`the INVITE has ${invite.length} bytes`);

/** Reads what a user agent reads of every INVITE; the sum keeps the optimizer from dropping it. */
function parseAndRead() {
  const result = parseMessage(invite);
  if (!result.ok) throw result.error;
  const message = result.message;
  return (
    message.topVia.branch.length +
    message.from.tag.length +
    (message.to.tag ?? '').length +
    message.callId.length +
    message.cseq.seq +
    message.contact.uri.host.length +
    message.routes.length +
    message.maxForwards +
    (message.contentType.is('application/sdp') ? 1 : 0) +
    message.contentLength
  );
}

function print() {
  return printed.toBytes().length;
}
const printed = parseMessage(invite).message;

let framed = 0;
const framer = new StreamFramer(DEFAULT_MESSAGE_LIMITS, {
  onMessage: () => framed++,
  onInvalid: (result) => {
    throw result.error;
  },
  onKeepAlive: () => {},
  onFatal: (error) => {
    throw error;
  },
});
const pieces = [invite.subarray(0, 500), invite.subarray(500)];
function frame() {
  framer.push(pieces[0]);
  framer.push(pieces[1]);
  return framed;
}

function yardstick() {
  const text = invite.toString('latin1');
  return () => {
    const { headers } = sip.parse(text);
    return (
      headers.via[0].params.branch.length +
      headers.from.params.tag.length +
      (headers.to.params.tag ?? '').length +
      headers['call-id'].length +
      headers.cseq.seq +
      headers.contact[0].uri.length +
      headers.route.length +
      Number(headers['max-forwards']) +
      headers['content-type'].length +
      headers['content-length']
    );
  };
}

/**
 * Microseconds per call of each job: the best of many short rounds, the jobs taking turns, so that a machine busy with
 * something else spoils rounds and not the comparison.
 */
function measure(jobs, { rounds, calls }) {
  const best = jobs.map(() => Number.POSITIVE_INFINITY);
  let sink = 0;
  for (const job of jobs) for (let i = 0; i < 50_000; i++) sink += job();
  for (let round = 0; round < rounds; round++) {
    jobs.forEach((job, index) => {
      const start = process.hrtime.bigint();
      for (let i = 0; i < calls; i++) sink += job();
      best[index] = Math.min(best[index], Number(process.hrtime.bigint() - start) / 1000 / calls);
    });
  }
  if (sink < 0) throw new Error('unreachable');
  return best.map((value) => Math.round(value * 100) / 100);
}

export async function run({ quick = false } = {}) {
  const jobs = [parseAndRead, frame, print, yardstick(sip)];
  const [parsed, streamed, printedIn, other] = measure(jobs, { rounds: quick ? 30 : 150, calls: 1_000 });
  return [
    {
      name: 'parse an 872-byte INVITE and read its usual headers',
      value: parsed,
      unit: 'µs',
      goal: 8,
      yardstick: { name: 'npm sip 0.0.6', value: other },
    },
    { name: 'the same from a TCP stream in two pieces, headers unread', value: streamed, unit: 'µs' },
    { name: 'print that INVITE', value: printedIn, unit: 'µs' },
  ];
}
