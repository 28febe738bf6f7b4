/**
 * Header lines and SDP lines an application adds to its messages: of one call, of the next call, or of all. Kept by the
 * user agent and by every call, put into messages when all that the stack computes is there.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { LocalAudio, SdpLine } from '../../sdp/index.js';
import type { SipMessage } from '../../sip/index.js';

/**
 * What becomes of a header the stack computed itself: it stays ('keep', the default), the application's takes its place
 * ('overwrite'), or both are sent ('duplicate').
 */
export type CustomHeaderMode = 'keep' | 'overwrite' | 'duplicate';

/** Header name → value or values. */
export type HeaderLines = Readonly<Record<string, string | readonly string[]>>;

export interface SdpLines {
  /** Lines like `a=x-room:7`, before the first m=. */
  session?: readonly string[];
  /** Lines like `a=x-mic:2`, behind the m= of our audio. */
  media?: readonly string[];
}

/** What transactions and dialogs hang on is never an application's to write. */
const UNTOUCHABLE = new Set(['via', 'call-id', 'cseq', 'content-length', 'max-forwards', 'rseq', 'rack']);

export class CustomLines {
  readonly #headers = new Map<string, { name: string; values: readonly string[] }>();
  #session: readonly SdpLine[] = [];
  #media: readonly SdpLine[] = [];

  constructor(headers: HeaderLines = {}, sdp: SdpLines = {}) {
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
    this.setSdp(sdp);
  }

  /**
   * Sets a header of all messages from now on; undefined takes it back.
   * @throws ERR_INVALID_ARGUMENT for one that cannot be set
   */
  setHeader(name: string, value: string | readonly string[] | undefined): void {
    const key = name.toLowerCase();
    if (value === undefined) {
      this.#headers.delete(key);
      return;
    }
    const values = typeof value === 'string' ? [value] : [...value];
    if (!/^[-.!%*_+`'~0-9A-Za-z]+$/.test(name) || values.some((text) => /[\r\n]/.test(text)))
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `the header "${name}" cannot be sent` });
    if (UNTOUCHABLE.has(key))
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `the header ${name} is the stack's own` });
    this.#headers.set(key, { name, values });
  }

  /** The value set for a header. */
  header(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase())?.values[0];
  }

  /** Sets the SDP lines of all descriptions from now on; what is absent stays. @throws ERR_INVALID_ARGUMENT */
  setSdp({ session, media }: SdpLines): void {
    if (session) this.#session = session.map(sdpLine);
    if (media) this.#media = media.map(sdpLine);
  }

  get sdp(): { session: readonly SdpLine[]; media: readonly SdpLine[] } {
    return { session: this.#session, media: this.#media };
  }

  get hasSdp(): boolean {
    return this.#session.length + this.#media.length > 0;
  }

  /** Takes over what `other` has. */
  take(other: CustomLines): void {
    for (const [key, line] of other.#headers) this.#headers.set(key, line);
    this.#session = [...this.#session, ...other.#session];
    this.#media = [...this.#media, ...other.#media];
  }

  get empty(): boolean {
    return this.#headers.size + this.#session.length + this.#media.length === 0;
  }

  clear(): void {
    this.#headers.clear();
    this.#session = [];
    this.#media = [];
  }

  apply(message: SipMessage, mode: CustomHeaderMode = 'keep'): void {
    for (const { name, values } of this.#headers.values()) {
      if (mode === 'duplicate') message.add(name, values);
      else if (mode === 'overwrite' || !message.has(name)) message.set(name, values);
    }
  }
}

/** The SDP lines of several together. */
export function sdpLinesOf(...all: readonly CustomLines[]): LocalAudio['extraLines'] {
  if (!all.some(({ hasSdp }) => hasSdp)) return undefined;
  const session = all.flatMap(({ sdp }) => [...sdp.session]);
  const media = all.flatMap(({ sdp }) => [...sdp.media]);
  return { session, media };
}

function sdpLine(text: string): SdpLine {
  const match = /^([a-z])=([^\r\n]*)$/.exec(text.trim());
  if (!match || 'vostm'.includes(match[1]))
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${text}" is not an SDP line to add` });
  return { type: match[1], value: match[2] };
}
