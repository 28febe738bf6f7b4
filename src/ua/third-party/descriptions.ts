/** The descriptions somebody in the middle makes up, and what it does to those it passes on (RFC 3725 §4, §5). Pure. */
import { parseSdp } from '../../sdp/index.js';

const ORIGIN = (session: string, version: number): string => `o=- ${session} ${version} IN IP4 127.0.0.1`;

/** The same description under our name: every party sees one session whose version goes up. */
export function withOrigin(sdp: string, session: string, version: number): string {
  return sdp.replace(/^o=[^\r\n]*/m, ORIGIN(session, version));
}

const head = (): string[] => ['v=0', ORIGIN('0', 0), 's=-', 'c=IN IP4 0.0.0.0', 't=0 0'];

/** No media at all (flow IV). */
export function withoutMedia(): string {
  return [...head(), ''].join('\r\n');
}

/** Audio to nowhere (flow II). */
export function blackHole(): string {
  return [
    ...head(),
    'm=audio 9 RTP/AVP 0 8 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=inactive',
    '',
  ].join('\r\n');
}

/** The description leaves open where media is to go: there is none, it has no media, or no address. */
export function leavesMediaOpen(sdp: string | undefined): boolean {
  return sdp === undefined || !/^m=/m.test(sdp) || /^c=IN IP4 0\.0\.0\.0\s*$/m.test(sdp);
}

/** The answer that takes an offer and lets nothing flow (flow III). @throws ERR_SDP_PARSE */
export function heldAnswer(offer: string): string {
  const media = parseSdp(offer).media.flatMap(({ kind, port, protocol, formats, attributes }) => [
    `m=${kind} ${port === 0 ? 0 : 9} ${protocol} ${formats.join(' ')}`,
    ...attributes
      .filter(({ name }) => name === 'rtpmap' || name === 'fmtp')
      .map(({ name, value }) => `a=${name}:${value}`),
    'a=inactive',
  ]);
  return [...head(), ...media, ''].join('\r\n');
}
