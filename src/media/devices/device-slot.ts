/**
 * One role (microphone, speaker or ringer) and the stream, or streams, that fill it. Knows which device is wanted, keeps
 * it open while it is used, goes over to the default when it is lost, and back when it is there again:
 *
 * ```
 *            use                     wanted device gone, or it fails
 *   closed ───────▶ open on wanted ───────────────────────────────▶ open on the default, or on nothing
 *     ▲ release         ▲                                                │
 *     └─────────────────┴──────────── it is there again ◀────────────────┘
 * ```
 *
 * Each loss and each return is told once. A device that fails though it is listed is tried again, after a pause that
 * grows.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { AudioDevice } from './audio-backend.js';
import {
  type DeviceChoice,
  type DeviceRole,
  devicesFor,
  type ParsedChoice,
  parseChoice,
} from './device-choice.js';

/** What happened to the device of a role. */
export interface DeviceChange {
  readonly role: DeviceRole;
  /** As it was chosen. */
  readonly wanted: DeviceChoice;
  /** 'open': another device is in use; 'lost': the wanted one is gone; 'found': it is there again. */
  readonly what: 'open' | 'lost' | 'found';
  /** Names of the devices used from now on; empty: none. */
  readonly using: readonly string[];
  /** Why it was lost. */
  readonly why?: string;
}

export interface DeviceSlotOptions<S> {
  readonly role: DeviceRole;
  readonly clock: Clock;
  open(device: AudioDevice, onEnd: (why: string) => void): S;
  close(stream: S): void;
  onChange(change: DeviceChange): void;
  /** The list may be out of date. */
  refresh(): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

interface Failure {
  readonly until: number;
  readonly pauseMs: number;
  readonly why: string;
}

export class DeviceSlot<S> {
  readonly #options: DeviceSlotOptions<S>;
  readonly #open = new Map<string, { device: AudioDevice; stream: S }>();
  readonly #failures = new Map<string, Failure>();
  #choice: DeviceChoice;
  #parsed: ParsedChoice;
  #devices: readonly AudioDevice[] | undefined;
  #used = false;
  #lost = false;
  #retry: Timer | undefined;
  /** The streams in use; replaced, never changed, so that it may be walked through. */
  streams: readonly S[] = [];

  /** @throws ERR_INVALID_ARGUMENT for a choice that can never be meant */
  constructor(choice: DeviceChoice, options: DeviceSlotOptions<S>) {
    this.#options = options;
    this.#choice = choice;
    this.#parsed = parseChoice(options.role, choice);
  }

  get choice(): DeviceChoice {
    return this.#choice;
  }

  /** The devices in use. */
  get devices(): AudioDevice[] {
    return [...this.#open.values()].map(({ device }) => device);
  }

  /** @throws ERR_INVALID_ARGUMENT */
  choose(choice: DeviceChoice): void {
    this.#parsed = parseChoice(this.#options.role, choice);
    this.#choice = choice;
    this.#lost = false;
    this.#failures.clear();
    this.#settle();
  }

  /** Opens it. */
  use(): void {
    if (this.#used) return;
    this.#used = true;
    this.#settle();
  }

  /** Closes it. */
  release(): void {
    this.#used = false;
    this.#settle();
  }

  /** What there is now. */
  onDevices(devices: readonly AudioDevice[]): void {
    this.#devices = devices;
    // Whatever was unplugged and is there again deserves a new chance at once.
    for (const id of [...this.#failures.keys()]) {
      if (!devices.some((device) => device.id === id)) this.#failures.delete(id);
    }
    this.#settle();
  }

  #settle(): void {
    const devices = this.#devices;
    if (!this.#used) {
      this.#become([]);
      return;
    }
    if (!devices && this.#parsed.kind !== 'file' && this.#parsed.kind !== 'none') return;
    const { role } = this.#options;
    const known = devices ?? [];
    if (this.#parsed.kind === 'number') {
      // Numbers shift when something is unplugged: from now on that one is meant.
      const [numbered] = devicesFor(role, this.#parsed, known);
      if (numbered) this.#parsed = { kind: 'name', name: numbered.id };
    }
    const wanted = devicesFor(role, this.#parsed, known).filter((device) => !this.#fails(device));
    const absent = wanted.length === 0 && this.#parsed.kind !== 'none';
    const targets = absent
      ? devicesFor(
          role,
          { kind: 'default' },
          known.filter((device) => !this.#fails(device)),
        )
      : wanted;
    const before = this.devices.map(({ id }) => id).join('\n');
    this.#become(targets);
    const using = targets.map(({ name }) => name);
    const tell = (what: DeviceChange['what'], why?: string): void =>
      this.#options.onChange({ role, wanted: this.#choice, what, using, why });
    if (absent && !this.#lost) {
      this.#lost = true;
      tell('lost', this.#reason());
    } else if (!absent && this.#lost) {
      this.#lost = false;
      tell('found');
    } else if (before !== targets.map(({ id }) => id).join('\n')) tell('open');
  }

  #reason(): string {
    for (const { why } of this.#failures.values()) return why;
    return this.#parsed.kind === 'default' ? 'there is no device' : 'it is not there';
  }

  /** Opens and closes what is needed. */
  #become(targets: readonly AudioDevice[]): void {
    let changed = false;
    for (const [id, { stream }] of [...this.#open]) {
      if (targets.some((device) => device.id === id)) continue;
      this.#open.delete(id);
      this.#options.close(stream);
      changed = true;
    }
    for (const device of targets) {
      if (this.#open.has(device.id)) continue;
      const entry = { device, stream: undefined as S };
      this.#open.set(device.id, entry);
      entry.stream = this.#options.open(device, (why) => this.#onEnd(entry, why));
      changed = true;
    }
    if (changed) this.streams = [...this.#open.values()].map(({ stream }) => stream);
  }

  #onEnd(entry: { device: AudioDevice; stream: S }, why: string): void {
    const { id } = entry.device;
    if (this.#open.get(id) !== entry) return;
    this.#open.delete(id);
    this.#options.close(entry.stream);
    this.streams = [...this.#open.values()].map(({ stream }) => stream);
    const now = this.#options.clock.now();
    const last = this.#failures.get(id);
    const soon = last && now - last.until < LONGEST_PAUSE_MS;
    const pauseMs = soon ? Math.min(LONGEST_PAUSE_MS, 2 * last.pauseMs) : FIRST_PAUSE_MS;
    this.#failures.set(id, { until: now + pauseMs, pauseMs, why });
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(pauseMs, () => this.#settle());
    this.#options.refresh();
    this.#settle();
  }

  #fails({ id }: AudioDevice): boolean {
    const failure = this.#failures.get(id);
    return failure !== undefined && this.#options.clock.now() < failure.until;
  }

  close(): void {
    this.#retry?.cancel();
    this.release();
  }
}
