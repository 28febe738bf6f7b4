/**
 * The sound devices as the API has them: by number of their role, with the settings in step, and what plays here. The
 * devices are the phone's; without any, calls go on.
 */
import type { AudioDevice, DeviceRole } from '../../media/index.js';
import type { Phone } from '../../phone/index.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';

export interface AudioDeskOptions {
  stack: Stack;
  desk: LineDesk;
  settings: Settings;
  report(message: string, error?: unknown): void;
}

/** By the numbers of the API. */
export const ROLES: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer'];
const CHOICES = {
  microphone: 'audiodevicein',
  speaker: 'audiodeviceout',
  ringer: 'audiodevicering',
} as const;
const VOLUMES = { microphone: 'volumein', speaker: 'volumeout', ringer: 'volumering' } as const;

export class AudioDesk {
  readonly #options: AudioDeskOptions;
  #stopPlaying: (() => void) | undefined;

  constructor(options: AudioDeskOptions) {
    this.#options = options;
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
    await this.#audio.select(role, name, now ? 'now' : 'next-call');
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

  /** Plays a file to whoever is here, in place of what played before. @throws ERR_AUDIO_BACKEND */
  async play(role: 'speaker' | 'ringer', file: string, loop: boolean): Promise<boolean> {
    this.stop();
    const playback = await this.#audio.play(role, { file }, { loop });
    this.#stopPlaying = () => playback.stop();
    void playback.done.then(({ error }) => {
      if (error) this.#options.report(`${file} could not be played`, error);
    });
    return true;
  }

  stop(): boolean {
    this.#stopPlaying?.();
    this.#stopPlaying = undefined;
    return true;
  }
}
