/**
 * Recognises what a telephone network plays instead of a person: dial tone, ringback, busy, reorder (congestion),
 * special information tones, and the calling and answering tones of fax machines. Frequencies by ITU-T E.180 and its
 * list of national tones, the North American Precise Tone Plan, E.180 §6 (SIT), T.30 (CNG, CED). Used on early and
 * answered media of outgoing calls; it hears a tone as soon as its cadence is certain.
 */
import { ToneSpectrum } from './tone-spectrum.js';

export type CallProgressTone =
  | 'dial'
  | 'ringback'
  | 'busy'
  | 'reorder'
  | 'sit'
  | 'fax-calling'
  | 'fax-answer';

export interface CallProgressHandler {
  /** A tone is certain. Named once, until it was over for some seconds or another one came. */
  onTone(tone: CallProgressTone): void;
}

/** What one window can show. */
type Sound =
  | 'silence'
  | 'other'
  /** 350 and 440 Hz: dial tone of North America and the United Kingdom. */
  | 'dial-pair'
  /** 440 and 480 Hz (North America), 400 and 450 Hz (United Kingdom): ringback. */
  | 'ring-pair'
  /** 480 and 620 Hz: busy and reorder of North America. */
  | 'busy-pair'
  /** One tone of 400 to 450 Hz: everything elsewhere; the cadence tells what. */
  | 'single'
  | 'sit-1'
  | 'sit-2'
  | 'sit-3'
  | 'fax-calling'
  | 'fax-answer';

interface Band {
  sound: Sound;
  low: readonly [from: number, to: number];
  high?: readonly [from: number, to: number];
}

const BANDS: readonly Band[] = [
  { sound: 'dial-pair', low: [340, 360], high: [428, 458] },
  { sound: 'ring-pair', low: [430, 450], high: [470, 490] },
  { sound: 'ring-pair', low: [390, 410], high: [440, 460] },
  { sound: 'busy-pair', low: [470, 490], high: [608, 632] },
  { sound: 'single', low: [385, 465] },
  // The three groups of E.180 §6 and the variants of North America (913.8/985.2, 1370.6/1428.5, 1776.7 Hz).
  { sound: 'sit-1', low: [890, 1010] },
  { sound: 'sit-2', low: [1345, 1455] },
  { sound: 'sit-3', low: [1750, 1850] },
  // T.30: 1100 ± 38 Hz, 2100 ± 15 Hz and some more for the line.
  { sound: 'fax-calling', low: [1062, 1138] },
  { sound: 'fax-answer', low: [2075, 2125] },
];

/** Tones make up most of the signal. */
const MIN_PURITY = 0.75;
/** A sound must last this many windows to end the one before. */
const CONFIRM = 2;
/** A tone is seen while about two thirds of the window lie within it: it seems this much shorter than it is, ms. */
const SEEN_SHORTER_MS = 40;

const DIAL_PAIR_MS = 800;
const RING_PAIR_MS = 300;
/** Longer than any ringback burst (up to 2 s) and busy tone. */
const SINGLE_DIAL_MS = 2500;
const FAX_ANSWER_MS = 500;
/** T.30 §4.1: 0.5 s ± 15 %, and the resolution here. */
const FAX_CALLING_MS: readonly [number, number] = [390, 620];
/** E.180 §6: 330 ± 70 ms; 276 and 380 ms in North America. */
const SIT_MS: readonly [number, number] = [200, 460];
/** Ringback of one tone: bursts of 0.7 to 2.4 s and at least as much silence. */
const RING_SINGLE_MS: readonly [number, number] = [650, 2400];
const RING_PAUSE_MS = 1500;
/** Busy has a period of 0.7 s (0.375 s tone in the United Kingdom) to 1.2 s, reorder a shorter one. */
const BUSY_PERIOD_MS = 620;
const LONGEST_BUSY_MS = 800;
const SHORTEST_BUSY_MS = 130;
/** Two bursts of a cadence are alike. */
const ALIKE = 0.3;
/** After this much without a tone its name may be told again. */
const FORGET_MS = 6000;

export class CallProgressDetector {
  readonly #handler: CallProgressHandler;
  readonly #spectrum: ToneSpectrum;
  #current: CallProgressTone | undefined;
  #sound: Sound = 'silence';
  #soundMs = 0;
  #candidate: Sound = 'silence';
  #candidateHops = 0;
  /** The burst before the present pause or burst. */
  #lastTone: Sound = 'silence';
  #lastToneMs = 0;
  #pauseMs = 0;
  /** Steps of the special information tone heard so far. */
  #sitStep = 0;
  #quietMs = 0;

  /** @param sampleRate Hz */
  constructor(sampleRate: number, handler: CallProgressHandler) {
    this.#handler = handler;
    this.#spectrum = new ToneSpectrum(sampleRate, () => this.#hop());
  }

  /** The tone heard last; undefined some seconds after its end. */
  get tone(): CallProgressTone | undefined {
    return this.#current;
  }

  /** Takes `count` samples; blocks of any size. */
  process(pcm: Int16Array, offset: number, count: number): void {
    this.#spectrum.process(pcm, offset, count);
  }

  reset(): void {
    this.#spectrum.reset();
    this.#current = undefined;
    this.#sound = 'silence';
    this.#soundMs = 0;
    this.#candidateHops = 0;
    this.#quietMs = 0;
    this.#forgetCadence();
  }

  #hop(): void {
    const sound = this.#classify();
    if (sound === this.#sound) {
      this.#soundMs += ToneSpectrum.hopMs;
      this.#candidateHops = 0;
    } else {
      this.#candidateHops = sound === this.#candidate ? this.#candidateHops + 1 : 1;
      this.#candidate = sound;
      this.#soundMs += ToneSpectrum.hopMs;
      if (this.#candidateHops >= CONFIRM) {
        const candidateMs = this.#candidateHops * ToneSpectrum.hopMs;
        this.#endOf(this.#sound, this.#soundMs - candidateMs);
        this.#sound = sound;
        this.#soundMs = candidateMs;
        this.#candidateHops = 0;
      }
    }
    this.#during();
  }

  #classify(): Sound {
    const { low, high, purity, silent } = this.#spectrum;
    if (purity < MIN_PURITY || low === 0) return silent ? 'silence' : 'other';
    for (const band of BANDS) {
      if (low < band.low[0] || low > band.low[1]) continue;
      if (band.high ? high >= band.high[0] && high <= band.high[1] : high === 0) return band.sound;
    }
    return 'other';
  }

  /** What can be told while a sound lasts. */
  #during(): void {
    const ms = this.#soundMs + SEEN_SHORTER_MS;
    switch (this.#sound) {
      case 'dial-pair':
        if (ms >= DIAL_PAIR_MS) this.#tell('dial');
        break;
      case 'ring-pair':
        if (ms >= RING_PAIR_MS) this.#tell('ringback');
        break;
      case 'single':
        if (ms >= SINGLE_DIAL_MS) this.#tell('dial');
        break;
      case 'fax-answer':
        if (ms >= FAX_ANSWER_MS) this.#tell('fax-answer');
        break;
      case 'silence':
      case 'other':
        this.#quietMs += ToneSpectrum.hopMs;
        this.#pauseSoFar(this.#pauseMs + this.#soundMs - SEEN_SHORTER_MS);
        return;
      default:
    }
    this.#quietMs = 0;
  }

  /** A pause after a burst has lasted this long. */
  #pauseSoFar(ms: number): void {
    if (this.#quietMs >= FORGET_MS) {
      this.#current = undefined;
      this.#forgetCadence();
      return;
    }
    const ringing =
      this.#sound === 'silence' && this.#lastTone === 'single' && within(this.#lastToneMs, RING_SINGLE_MS);
    if (ringing && ms >= RING_PAUSE_MS) this.#tell('ringback');
  }

  #endOf(sound: Sound, seenMs: number): void {
    if (sound === 'silence' || sound === 'other') {
      this.#pauseMs += seenMs;
      return;
    }
    const ms = seenMs + SEEN_SHORTER_MS;
    if (sound === 'fax-calling' && within(ms, FAX_CALLING_MS)) this.#tell('fax-calling');
    this.#sitEnd(sound, ms);
    if (sound === 'busy-pair' || sound === 'single') this.#burstEnd(sound, ms);
    this.#lastTone = sound;
    this.#lastToneMs = ms;
    this.#pauseMs = 0;
  }

  #sitEnd(sound: Sound, ms: number): void {
    const step = sound === 'sit-1' ? 1 : sound === 'sit-2' ? 2 : sound === 'sit-3' ? 3 : 0;
    if (step === 0 || !within(ms, SIT_MS)) this.#sitStep = 0;
    else if (step === 1) this.#sitStep = 1;
    else this.#sitStep = this.#sitStep === step - 1 && this.#pauseMs < 200 ? step : 0;
    if (this.#sitStep === 3) this.#tell('sit');
  }

  /** Two bursts alike with about as much pause between them: busy or reorder. */
  #burstEnd(sound: Sound, ms: number): void {
    const pause = this.#pauseMs - SEEN_SHORTER_MS;
    const alike = Math.abs(ms - this.#lastToneMs) <= ALIKE * Math.max(ms, this.#lastToneMs);
    if (this.#lastTone !== sound || !alike) return;
    if (ms < SHORTEST_BUSY_MS || ms > LONGEST_BUSY_MS) return;
    if (pause < 0.5 * ms || pause > 2 * ms) return;
    this.#tell(ms + pause >= BUSY_PERIOD_MS ? 'busy' : 'reorder');
  }

  #forgetCadence(): void {
    this.#lastTone = 'silence';
    this.#lastToneMs = 0;
    this.#pauseMs = 0;
    this.#sitStep = 0;
  }

  #tell(tone: CallProgressTone): void {
    if (tone === this.#current) return;
    this.#current = tone;
    this.#handler.onTone(tone);
  }
}

function within(ms: number, [from, to]: readonly [number, number]): boolean {
  return ms >= from && ms <= to;
}
