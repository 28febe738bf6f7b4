/**
 * Reads a session description (RFC 8866) from the body of a message. Liberal where real peers err without ambiguity (line
 * ends, order of lines, missing `s=` and `t=`, blanks in the user name of `o=`, doubled blanks); everything it does
 * not know is kept. Bounded in every dimension; throws only `ERR_SDP_PARSE`.
 */
import { SwitchhookError } from '../base/errors.js';
import type {
  Bandwidth,
  Connection,
  MediaDescription,
  Origin,
  SdpLine,
  SessionDescription,
} from './description.js';
import { rememberSource } from './print.js';

export interface SdpLimits {
  /** UTF-16 units in the whole text. */
  maxLength: number;
  maxLines: number;
  maxLineLength: number;
  maxMedia: number;
}

export const DEFAULT_SDP_LIMITS: Readonly<SdpLimits> = {
  maxLength: 65_535,
  maxLines: 2_000,
  maxLineLength: 8_192,
  maxMedia: 32,
};

/**
 * @throws SwitchhookError `ERR_SDP_PARSE` with `line` (from 1; 0 for the whole) and `why`
 */
export function parseSdp(text: string, limits: Partial<SdpLimits> = {}): SessionDescription {
  const { maxLength, maxLines, maxLineLength, maxMedia } = { ...DEFAULT_SDP_LIMITS, ...limits };
  if (text.length > maxLength) fail(0, `longer than ${maxLength} characters`);
  const lines = withoutNul(text).split(/\r\n|\n|\r/, maxLines + 1);
  if (lines.length > maxLines) fail(maxLines, `more than ${maxLines} lines`);

  const reader = new Reader(maxMedia);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (line.length > maxLineLength) fail(i + 1, `longer than ${maxLineLength} characters`);
    if (line.trim() !== '') reader.read(line, i + 1);
  }
  const description = reader.finish();
  rememberSource(description, text);
  return description;
}

class Reader {
  readonly #maxMedia: number;
  #version: number | undefined;
  #origin: Origin | undefined;
  readonly #session: Omit<SessionDescription, 'version' | 'origin'> = {
    sessionName: '',
    bandwidth: [],
    timing: [],
    attributes: [],
    media: [],
    other: [],
  };
  /** Where `b=`, `c=` and `a=` go: the session, then the latest `m=`. */
  #section: Pick<MediaDescription, 'connection' | 'bandwidth' | 'attributes' | 'other'> = this.#session;

  constructor(maxMedia: number) {
    this.#maxMedia = maxMedia;
  }

  read(line: string, number: number): void {
    if (line[1] !== '=') fail(number, 'not of the form <letter>=<value>');
    if (line.includes('\0')) fail(number, 'contains NUL');
    const type = line[0];
    const value = line.slice(2);
    // RFC 8866 §5: v= is the first line of every description, which also tells SDP from other bodies.
    if (this.#version === undefined && type !== 'v') fail(number, 'the description must begin with v=');
    switch (type) {
      case 'v':
        if (this.#version !== undefined) fail(number, 'a second session description');
        if (value.trim() !== '0') fail(number, 'unknown version');
        this.#version = 0;
        break;
      case 'o':
        if (this.#origin) fail(number, 'a second o= line');
        this.#origin = parseOrigin(value) ?? fail(number, 'o= needs six fields');
        break;
      case 's':
        this.#session.sessionName = value;
        break;
      case 't':
      case 'r':
      case 'z':
        this.#session.timing.push({ type, value });
        break;
      case 'm': {
        if (this.#session.media.length >= this.#maxMedia) fail(number, `more than ${this.#maxMedia} media`);
        const media =
          parseMedia(value) ?? fail(number, 'm= needs media, port (0-65535), protocol and format');
        this.#session.media.push(media);
        this.#section = media;
        break;
      }
      default:
        this.#readCommon({ type, value });
    }
  }

  #readCommon(line: SdpLine): void {
    const section = this.#section;
    if (line.type === 'a') {
      const colon = line.value.indexOf(':');
      section.attributes.push(
        colon < 0
          ? { name: line.value.trim() }
          : { name: line.value.slice(0, colon).trim(), value: line.value.slice(colon + 1) },
      );
      return;
    }
    if (line.type === 'b') {
      const bandwidth = parseBandwidth(line.value);
      if (bandwidth) {
        section.bandwidth.push(bandwidth);
        return;
      }
    }
    if (line.type === 'c' && !section.connection) {
      const connection = parseConnection(line.value);
      if (connection) {
        section.connection = connection;
        return;
      }
    }
    section.other.push(line);
  }

  finish(): SessionDescription {
    if (this.#version === undefined) fail(0, 'empty');
    if (!this.#origin) fail(0, 'no o= line');
    return { version: this.#version, origin: this.#origin, ...this.#session };
  }
}

/** A user name with blanks is a known error of peers: the last five fields count. */
function parseOrigin(value: string): Origin | undefined {
  const fields = words(value);
  const at = fields.length - 5;
  if (at < 1) return undefined;
  const [sessionId, sessionVersion, netType, addrType, address] = fields.slice(at);
  return { username: fields.slice(0, at).join(' '), sessionId, sessionVersion, netType, addrType, address };
}

/** undefined for other networks than the Internet; the line is then kept as it is. */
function parseConnection(value: string): Connection | undefined {
  const match = /^IN (IP4|IP6) ([^/\s]+)(?:\/(\S+))?$/i.exec(words(value).join(' '));
  if (!match) return undefined;
  return {
    addrType: match[1].toUpperCase() === 'IP6' ? 'IP6' : 'IP4',
    address: match[2].replace(/^\[(.*)\]$/, '$1'),
    multicast: match[3],
  };
}

function parseBandwidth(value: string): Bandwidth | undefined {
  const match = /^([^:\s]+):(\d{1,10})\s*$/.exec(value);
  return match ? { type: match[1], value: Number(match[2]) } : undefined;
}

function parseMedia(value: string): MediaDescription | undefined {
  const [kind, ports, protocol, ...formats] = words(value);
  const match = /^(\d{1,5})(?:\/(\d{1,5}))?$/.exec(ports ?? '');
  const port = Number(match?.[1]);
  if (!match || port > 0xffff || protocol === undefined) return undefined;
  // A rejected stream without any format breaks the grammar, but hurts nobody.
  if (formats.length === 0 && port !== 0) return undefined;
  return {
    kind,
    port,
    portCount: match[2] === undefined ? undefined : Number(match[2]),
    protocol,
    formats,
    bandwidth: [],
    attributes: [],
    other: [],
  };
}

/** Some stacks send the terminating NUL of a C string along. */
function withoutNul(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\0') end--;
  return text.slice(0, end);
}

function words(value: string): string[] {
  return value.split(/[ \t]+/).filter((word) => word !== '');
}

function fail(line: number, why: string): never {
  throw new SwitchhookError('ERR_SDP_PARSE', { line, why });
}
