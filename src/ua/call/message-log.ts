/** The last messages of a call, for applications that want to read headers and SDP fields themselves. */
import { type SipMessage, SipRequest } from '../../sip/index.js';
import { sdpOf } from './call-host.js';

export type MessageSide = 'received' | 'sent';

export class MessageLog {
  readonly #invites = new Map<MessageSide, SipMessage>();
  readonly #responses = new Map<MessageSide, SipMessage>();
  readonly #latest = new Map<MessageSide, SipMessage>();

  note(side: MessageSide, message: SipMessage): void {
    this.#latest.set(side, message);
    if (message instanceof SipRequest) {
      if (message.method === 'INVITE') this.#invites.set(side, message);
    } else {
      this.#responses.set(side, message);
    }
  }

  /** The last INVITE, re-INVITEs included; its text by `toString()`. */
  invite(side: MessageSide): SipMessage | undefined {
    return this.#invites.get(side);
  }

  /** The last response within the call. */
  response(side: MessageSide): SipMessage | undefined {
    return this.#responses.get(side);
  }

  /** The last message at all. */
  latest(side: MessageSide): SipMessage | undefined {
    return this.#latest.get(side);
  }

  /** A header of the last message that has it: of any message, of the INVITE before. */
  header(name: string, side: MessageSide = 'received'): string | undefined {
    return this.#candidates(side)
      .map((message) => message.get(name))
      .find((value) => value !== undefined);
  }

  /**
   * A field of the last description: `o`, `c`, `a=ptime`, or the name of an attribute; of the media before the session.
   * The values of all such lines.
   */
  sdpField(name: string, side: MessageSide = 'received'): string[] {
    const text = this.#candidates(side)
      .map((message) => sdpOf(message))
      .find((sdp) => sdp !== undefined);
    if (text === undefined) return [];
    const lines = text.split(/\r?\n/);
    const attribute = /^a=/.test(name) ? name.slice(2) : name;
    const values = (prefix: string): string[] =>
      lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
    if (/^[a-z]=?$/.test(name)) return values(`${name[0]}=`);
    const flags = lines.filter((line) => line === `a=${attribute}`).map(() => '');
    return [...values(`a=${attribute}:`), ...flags];
  }

  #candidates(side: MessageSide): SipMessage[] {
    return [this.#latest, this.#invites, this.#responses].flatMap((map) => map.get(side) ?? []);
  }
}
