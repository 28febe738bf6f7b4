/**
 * Readers of the attributes that offer/answer and media care about. Each takes the description as parsed and tolerates
 * nonsense in it: what cannot be read counts as absent.
 */
import type { AudioFormat } from './audio-format.js';
import type { Attribute, Connection, MediaDescription, SessionDescription } from './description.js';
import type { Direction } from './direction.js';
import { STATIC_AUDIO } from './static-payload-types-table.js';

interface Attributed {
  attributes: readonly Attribute[];
}

/** Attribute names are case-sensitive (RFC 8866 §5.13), but no two differ in case only, and peers are careless. */
function named(section: Attributed, name: string): Attribute | undefined {
  return section.attributes.find((attribute) => isNamed(attribute, name));
}

function isNamed(attribute: Attribute, name: string): boolean {
  return attribute.name.length === name.length && attribute.name.toLowerCase() === name;
}

/** @param name in lower case */
export function hasAttribute(section: Attributed, name: string): boolean {
  return named(section, name) !== undefined;
}

/** The value of the first attribute of that name. @param name in lower case */
export function attributeValue(section: Attributed, name: string): string | undefined {
  return named(section, name)?.value?.trim();
}

/** @param name in lower case */
export function attributeValues(section: Attributed, name: string): string[] {
  const values: string[] = [];
  for (const attribute of section.attributes) {
    if (attribute.value !== undefined && isNamed(attribute, name)) values.push(attribute.value.trim());
  }
  return values;
}

/** The connection that holds for `media`: its own, else the session's (RFC 8866 §5.7). */
export function connectionOf(session: SessionDescription, media: MediaDescription): Connection | undefined {
  return media.connection ?? session.connection;
}

/**
 * The audio formats of an RTP media description in its order: `a=rtpmap`, else the static assignment of RFC 3551;
 * numbers that are neither, or named twice, are left out.
 */
export function audioFormats(media: MediaDescription): Array<AudioFormat & { payloadType: number }> {
  const encodings = rtpmaps(media);
  const parameters = fmtps(media);
  const found: Array<AudioFormat & { payloadType: number }> = [];
  const seen = new Set<number>();
  for (const text of media.formats) {
    const payloadType = parsePayloadType(text);
    if (payloadType === undefined || seen.has(payloadType)) continue;
    const encoding = encodings.get(payloadType) ?? STATIC_AUDIO.get(payloadType);
    if (!encoding) continue;
    seen.add(payloadType);
    const { name, clockRate, channels } = encoding;
    found.push({ payloadType, name, clockRate, channels, fmtp: parameters.get(payloadType) });
  }
  return found;
}

/** Payload type → encoding, as far as `a=rtpmap` tells. */
export function rtpmaps(media: MediaDescription): Map<number, AudioFormat> {
  const maps = new Map<number, AudioFormat>();
  for (const value of attributeValues(media, 'rtpmap')) {
    const match = /^(\d{1,3})\s+([^\s/]+)\s*\/\s*(\d{1,6})(?:\s*\/\s*(\d{1,3}))?/.exec(value);
    const payloadType = parsePayloadType(match?.[1] ?? '');
    if (!match || payloadType === undefined || Number(match[3]) === 0) continue;
    maps.set(payloadType, {
      name: match[2],
      clockRate: Number(match[3]),
      channels: Math.max(1, Number(match[4] ?? 1)),
    });
  }
  return maps;
}

/** The parameters of `a=fmtp` for one payload type. */
export function fmtp(media: MediaDescription, payloadType: number): string | undefined {
  return fmtps(media).get(payloadType);
}

function fmtps(media: MediaDescription): Map<number, string> {
  const all = new Map<number, string>();
  for (const value of attributeValues(media, 'fmtp')) {
    const match = /^(\d{1,3})\s+(\S[\s\S]*)$/.exec(value);
    const payloadType = parsePayloadType(match?.[1] ?? '');
    if (match && payloadType !== undefined && !all.has(payloadType)) all.set(payloadType, match[2]);
  }
  return all;
}

function parsePayloadType(text: string): number | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const number = Number(text);
  return number <= 127 ? number : undefined;
}

const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] satisfies Direction[];

function ownDirection(section: Attributed): Direction | undefined {
  const found = section.attributes.find(({ name }) => DIRECTIONS.includes(name.toLowerCase()));
  return found?.name.toLowerCase() as Direction | undefined;
}

/** The media's own direction, else the session's, else sendrecv (RFC 8866 §6.7). */
export function direction(session: SessionDescription, media: MediaDescription): Direction {
  return ownDirection(media) ?? ownDirection(session) ?? 'sendrecv';
}

/** `a=ptime`: the packet time the author wants to receive, in ms (RFC 8866 §6.4). */
export function ptime(media: MediaDescription): number | undefined {
  return milliseconds(attributeValue(media, 'ptime'));
}

/** `a=maxptime`, in ms (RFC 8866 §6.5). */
export function maxptime(media: MediaDescription): number | undefined {
  return milliseconds(attributeValue(media, 'maxptime'));
}

/** Positive and at most a second: a larger value is an error of the peer that would ask for absurd packets. */
function milliseconds(value: string | undefined): number | undefined {
  const match = /^(\d{1,4}(?:\.\d{1,6})?)$/.exec(value ?? '');
  const ms = Number(match?.[1]);
  return ms > 0 && ms <= 1000 ? ms : undefined;
}

/** `a=rtcp-mux` (RFC 5761 §5.1.1). */
export function rtcpMux(media: MediaDescription): boolean {
  return hasAttribute(media, 'rtcp-mux');
}

/** Where RTCP for this media goes without multiplexing: `a=rtcp` (RFC 3605), else the next port (RFC 3550 §11). */
export function rtcpDestination(
  session: SessionDescription,
  media: MediaDescription,
): { address: string; port: number } {
  const address = connectionOf(session, media)?.address ?? '';
  const match = /^(\d{1,5})(?:\s+IN\s+IP[46]\s+(\S+))?$/i.exec(attributeValue(media, 'rtcp') ?? '');
  const port = Number(match?.[1]);
  if (match && port > 0 && port <= 0xffff) {
    return { address: match[2]?.replace(/^\[(.*)\]$/, '$1') ?? address, port };
  }
  return { address, port: Math.min(media.port + 1, 0xffff) };
}

/** The synchronisation sources announced with `a=ssrc` (RFC 5576 §4.1), each once, in order. */
export function ssrcs(media: MediaDescription): number[] {
  const found = attributeValues(media, 'ssrc').flatMap((value) => {
    const match = /^(\d{1,10})(?:\s|$)/.exec(value);
    const ssrc = Number(match?.[1]);
    return match && ssrc <= 0xffff_ffff ? [ssrc] : [];
  });
  return [...new Set(found)];
}

/** Multicast and broadcast: what is sent there reaches more than one. */
export function isGroupAddress(address: string): boolean {
  return /^(22[4-9]|23\d|255)\.[\d.]+$/.test(address) || /^ff[0-9a-f]{2}:/i.test(address);
}

/** True for the addresses that mean "send nothing": RFC 3264 §8.4, and the unspecified address of IPv6. */
export function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}
