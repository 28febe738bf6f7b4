/**
 * The sound devices as the API has them: by number of their role, with the settings in step in both directions, and what
 * plays here. The devices are the phone's; without any, calls go on.
 */
import type { AudioDevice, DeviceRole } from '../../media/index.js';
import type { Phone } from '../../phone/index.js';
import type { Call } from '../../ua/index.js';
import { deviceChoices, earlyOnDevices, echoCancellation, toneOptions } from '../mapping/audio-options.js';
import type { ParameterName } from '../parameters/parameters.js';
import { GLOBAL, type Settings, type SettingsEvents } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';

export interface AudioDeskOptions {
  stack: Stack;
  desk: LineDesk;
  settings: Settings;
  /** Where a file is that is named without its folder. */
  find(file: string): string;
  report(message: string, error?: unknown): void;
}

/** By the numbers of the API. */
export const ROLES: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer'];
const CHOICES = {
  microphone: 'audiodevicein',
  speaker: 'audiodeviceout',
  ringer: 'audiodevicering',
} as const;
/** Settings that leave a role without any device. */
const SWITCHES: ReadonlySet<string> = new Set<ParameterName>([
  'useaudiodevicerecord',
  'useaudiodeviceplayback',
  'enableaudiostreams',
]);
const VOLUMES = { microphone: 'volumein', speaker: 'volumeout', ringer: 'volumering' } as const;

export class AudioDesk {
  readonly #options: AudioDeskOptions;
  #stopPlaying: (() => void) | undefined;

  constructor(options: AudioDeskOptions) {
    this.#options = options;
    const { stack, settings } = options;
    settings.on('change', (change) => this.#follow(change));
    stack.on('made', (phone) => {
      phone.lines.on('seated', ({ line, call }) => this.#lineVolumes(phone, line, call));
    });
  }

  /** A setting has changed: what counts at once does. */
  #follow({ name, line }: SettingsEvents['change'][0]): void {
    const { stack, settings, desk, find } = this.#options;
    const { phone } = stack;
    if (!phone) return;
    if (line !== GLOBAL) {
      for (const call of desk.calls) if (desk.lineOf(call) === line) this.#lineVolumes(phone, line, call);
      return;
    }
    phone.audio.tones.options = toneOptions(settings, find);
    phone.audio.earlyMedia = earlyOnDevices(settings);
    if (name.startsWith('aec')) phone.audio.echoCancellation = echoCancellation(settings);
    const choices = deviceChoices(settings);
    for (const role of ROLES) {
      if (name === VOLUMES[role]) phone.audio.setVolume(role, settings.number(name));
      const given = name === CHOICES[role];
      if ((!given && !SWITCHES.has(name)) || phone.audio.selected(role) === choices[role]) continue;
      const when = given && settings.number('changeaudiodevimmmediate') !== 0 ? 'now' : 'next-call';
      phone.audio
        .select(role, choices[role], when)
        .catch((error: unknown) => this.#options.report(`${name}`, error));
    }
  }

  /** A line may have volumes of its own. */
  #lineVolumes(phone: Phone, line: number, call: Call): void {
    const settings = this.#options.settings.forLine(line);
    for (const role of ['microphone', 'speaker'] as const) {
      const percent = settings.number(VOLUMES[role]);
      if (percent !== this.#options.settings.number(VOLUMES[role]))
        phone.audio.setVolume(role, percent, call);
    }
  }

  get #audio(): Phone['audio'] {
    return this.#options.stack.start().audio;
  }

  /** @param which 0 microphones, 1 speakers, 2 both @throws ERR_AUDIO_BACKEND */
  async list(which: number): Promise<string> {
    const wanted = ({ kind }: AudioDevice): boolean =>
      which === 2 || kind === (which === 0 ? 'input' : 'output');
    const devices = await this.#audio.devices();
    return devices
      .filter(wanted)
      .map(({ name }) => name)
      .join('\r\n');
  }

  selected(role: DeviceRole): string {
    const { phone } = this.#options.stack;
    const choice = phone ? String(phone.audio.selected(role)) : this.#options.settings.text(CHOICES[role]);
    return !choice || /^(default|0)$/i.test(choice) ? 'Default' : choice;
  }

  /** @param when 1 the next call, 2 now, 0 as `changeaudiodevimmmediate` says @throws ERR_AUDIO_DEVICE */
  async select(role: DeviceRole, name: string, when: number): Promise<boolean> {
    const { settings } = this.#options;
    const now = when === 2 || (when === 0 && settings.number('changeaudiodevimmmediate') !== 0);
    await this.#audio.select(role, name || 'default', now ? 'now' : 'next-call');
    return settings.set(CHOICES[role], name).ok;
  }

  /** @param line a line for its own volume; less than 1 for all */
  setVolume(role: DeviceRole, percent: number, line: number): boolean {
    if (percent < 0 || percent > 100) return false;
    const { settings, desk, stack } = this.#options;
    if (line < 1) {
      stack.phone?.audio.setVolume(role, percent);
      return settings.set(VOLUMES[role], percent).ok;
    }
    const call = desk.calls.find((one) => desk.lineOf(one) === line);
    if (!call || role === 'ringer') return false;
    const before = this.#audio.volume(role, call);
    this.#audio.setVolume(role, percent, call);
    // It is on the devices only when the phone has put it there.
    return before === percent || this.#audio.volume(role, call) === percent;
  }

  volume(role: DeviceRole, line: number): number {
    const { settings, desk, stack } = this.#options;
    const call = line < 1 ? undefined : desk.calls.find((one) => desk.lineOf(one) === line);
    return call && stack.phone ? stack.phone.audio.volume(role, call) : settings.number(VOLUMES[role]);
  }

  /**
   * Plays a file to whoever is here, in place of what played before.
   * @param device this one in place of that of the role; '' for that
   * @returns once it has begun; `over` resolves when it has ended
   * @throws ERR_AUDIO_BACKEND, ERR_INVALID_ARGUMENT
   */
  async play(
    role: 'speaker' | 'ringer',
    file: string,
    loop: boolean,
    device: string,
  ): Promise<{ readonly over: Promise<void> }> {
    this.stop();
    const playback = await this.#audio.play(role, { file }, { loop, device: device || undefined });
    this.#stopPlaying = () => playback.stop();
    const over = playback.done.then(({ error }) => {
      if (error) this.#options.report(`${file} could not be played`, error);
    });
    return { over };
  }

  stop(): boolean {
    this.#stopPlaying?.();
    this.#stopPlaying = undefined;
    return true;
  }
}
