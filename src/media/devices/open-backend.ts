/** Finds the backend for this machine, and puts the files beside it. */
import type { Clock } from '../../base/clock.js';
import type { AudioBackend, AudioDevice } from './audio-backend.js';
import { DecibriBackend } from './decibri-backend.js';
import { FILE_PREFIX } from './device-choice.js';
import { FileBackend } from './file-backend.js';
import { PulseBackend } from './pulse-backend.js';

/** 'pulse': PulseAudio or PipeWire; 'decibri': the package of that name; 'null': no devices at all. */
export type AudioBackendName = 'auto' | 'pulse' | 'decibri' | 'null';

/** A machine without any. */
export const nullBackend: AudioBackend = {
  name: 'null',
  list: async () => [],
  capture: () => ({ close: () => {} }),
  playback: () => ({ ready: false, queuedMs: undefined, underruns: 0, write: () => {}, close: () => {} }),
  watch: () => () => {},
};

/** By name; 'auto' takes PulseAudio or PipeWire on Linux and the BSDs, decibri elsewhere. */
export function systemBackend(name: AudioBackendName, clock: Clock): AudioBackend {
  if (name === 'null') return nullBackend;
  const elsewhere = process.platform === 'darwin' || process.platform === 'win32';
  if (name === 'decibri' || (name === 'auto' && elsewhere)) return new DecibriBackend();
  return new PulseBackend(clock);
}

/** A backend that holds on to something. */
export interface ClosableBackend extends AudioBackend {
  /** Resolves when everything is given back, and files are complete. */
  close(): Promise<void>;
}

/** Puts files beside the devices of a backend. */
export function withFiles(system: AudioBackend | ClosableBackend, clock: Clock): ClosableBackend {
  const files = new FileBackend(clock);
  const of = (device: AudioDevice): AudioBackend => (device.id.startsWith(FILE_PREFIX) ? files : system);
  return {
    name: system.name,
    list: () => system.list(),
    capture: (device, options) => of(device).capture(device, options),
    playback: (device, options) => of(device).playback(device, options),
    watch: (onChange) => system.watch(onChange),
    raise: async (devices) => system.raise?.(devices),
    close: async () => {
      await Promise.all([files.close(), 'close' in system ? system.close() : undefined]);
    },
  };
}
