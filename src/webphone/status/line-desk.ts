/**
 * The calls as the API sees them: what line an order is for, and what each call is said to be (state, mute, hold,
 * encryption). Keeps what a Call does not know itself; the calls are the phone's.
 */
import type { MuteDirection, Phone } from '../../phone/index.js';
import type { Call } from '../../ua/index.js';
import type { Stack } from '../stack.js';
import type { LineState } from './status-texts.js';

export interface CallNotes {
  /** A transfer or a conference is being set up. */
  midcall: boolean;
  /** As monitored. */
  state: LineState;
  /** Clock time of the answer. */
  connectedAt?: number;
  /** Members of the conference it is in. */
  group: string;
}

export class LineDesk {
  readonly #stack: Stack;
  readonly #notes = new WeakMap<Call, CallNotes>();
  /** Made the active one before the phone runs. */
  #chosen: number | undefined;

  constructor(stack: Stack) {
    this.#stack = stack;
    stack.on('running', ({ lines }) => {
      const line = this.#chosen ?? 0;
      this.#chosen = undefined;
      if (line > 0 && line <= lines.maximum) lines.setActive(line);
    });
  }

  get phone(): Phone | undefined {
    return this.#stack.phone;
  }

  notes(call: Call): CallNotes {
    let notes = this.#notes.get(call);
    if (!notes) {
      notes = { midcall: false, state: 'Unknown', group: '' };
      this.#notes.set(call, notes);
    }
    return notes;
  }

  get calls(): readonly Call[] {
    return this.phone?.lines.calls ?? [];
  }

  get connected(): Call[] {
    return this.calls.filter(({ state }) => state === 'connected');
  }

  /** The calls an order with that line number is for, which may have corrected a wrong line. */
  select(line: number): Call[] {
    const { phone } = this;
    if (!phone) return [];
    return phone.lines
      .select(line)
      .map((one) => phone.lines.get(one))
      .filter((call) => call !== undefined);
  }

  /** The one call an order is for. */
  one(line: number): Call | undefined {
    const { phone } = this;
    if (!phone) return undefined;
    if (line === ALL) return phone.lines.best === undefined ? undefined : phone.lines.get(phone.lines.best);
    return this.select(line)[0];
  }

  lineOf(call: Call): number {
    return this.phone?.lines.lineOf(call) ?? 0;
  }

  /** The line that is active, or has the best call. */
  get active(): number {
    return this.#chosen ?? this.phone?.lines.active ?? 1;
  }

  /** Makes a line the active one. */
  choose(line: number): void {
    if (this.phone && this.#stack.state === 'running') this.phone.lines.setActive(line);
    else this.#chosen = line;
  }

  /** What of a call we have muted. */
  muted(call: Call): MuteDirection | undefined {
    return this.phone?.mutes.of(call);
  }

  /** What a call that lasts is. */
  steadyState(call: Call): LineState {
    const notes = this.notes(call);
    if (call.state !== 'connected') return notes.state;
    if (notes.midcall) return 'Midcall';
    if (call.held.local || call.held.remote) return 'Hold';
    return this.muted(call) ? 'Muted' : 'Speaking';
  }

  /** 0 none, 1 being set up, 2 connected. */
  inCall(calls: readonly Call[] = this.calls): number {
    if (calls.some(({ state }) => state === 'connected')) return 2;
    return calls.some(({ state }) => state !== 'ended') ? 1 : 0;
  }
}

const ALL = -2;

/** 0 no, 2 speaker, 3 microphone, 4 both. */
export function muteNumber(muted: MuteDirection | undefined): number {
  return muted ? { speaker: 2, microphone: 3, both: 4 }[muted] : 0;
}

const HOLD_NUMBERS = { sendrecv: 0, sendonly: 2, recvonly: 3, inactive: 4 } as const;

/** 0 no, 2 we send only, 3 we receive only, 4 neither. */
export function holdNumber({ held, holdStatus }: Pick<Call, 'held' | 'holdStatus'>): number {
  // A hold by the address 0.0.0.0 leaves the direction as it was.
  return HOLD_NUMBERS[holdStatus.direction] || (held.local ? 2 : held.remote ? 3 : 0);
}

/** 0 no, 1 the keys could be seen, 2 yes. */
export function encryptionNumber({ encryption }: Pick<Call, 'encryption'>): number {
  const secret = encryption.signalling === 'tls' || encryption.signalling === 'wss';
  if (encryption.srtp) return secret ? 3 : 1;
  return encryption.signalling === undefined ? -1 : secret ? 1 : 0;
}

/** Who the other side is: a caller by the header that tells it best, unless he wants not to be known. */
export function partyOf({ identity, remote }: Pick<Call, 'identity' | 'remote'>): {
  user: string;
  displayName: string;
} {
  const { uri, user, displayName } = identity.anonymous ? remote : identity;
  const sameUser = user === remote.user;
  return {
    user: user || hostOf(uri),
    displayName: displayName || (sameUser && remote.displayName) || '',
  };
}

/** The user in a SIP address. */
export function userOf(uri: string): string {
  const match = /^(?:sips?:|tel:)(?:([^@;?:]*)(?::[^@]*)?@)?([^;?]*)/i.exec(uri);
  if (!match) return uri;
  return /^tel:/i.test(uri) ? match[2] : decode(match[1] ?? match[2]);
}

/** The host and port in a SIP address. */
export function hostOf(uri: string): string {
  return /^sips?:(?:[^@]*@)?([^;?>]*)/i.exec(uri)?.[1] ?? '';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
