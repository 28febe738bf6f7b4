/** What the media worker and the device thread say to each other: plain objects that survive structured cloning. */
import type { AudioDevice } from './audio-backend.js';
import type { AudioBackendName } from './open-backend.js';

/** What the device thread is started with. */
export interface DeviceThreadInit {
  readonly backend: AudioBackendName;
}

export interface OpenStream {
  readonly stream: number;
  readonly device: AudioDevice;
  readonly sampleRate: number;
  readonly label: string;
  readonly communication?: boolean;
  readonly stereo?: boolean;
}

export type ToDevices =
  | { readonly op: 'list'; readonly request: number }
  | ({ readonly op: 'capture' | 'playback' } & OpenStream)
  | { readonly op: 'write'; readonly stream: number; readonly pcm: Int16Array }
  | { readonly op: 'close'; readonly stream: number }
  | { readonly op: 'raise'; readonly devices: readonly AudioDevice[] }
  | { readonly op: 'shutdown' };

export type FromDevices =
  | { readonly event: 'listed'; readonly request: number; readonly devices: readonly AudioDevice[] }
  | { readonly event: 'notListed'; readonly request: number; readonly why: string }
  | { readonly event: 'samples'; readonly stream: number; readonly pcm: Int16Array }
  | {
      readonly event: 'played';
      readonly stream: number;
      readonly ready: boolean;
      readonly underruns: number;
      readonly queuedMs: number | undefined;
      /** Samples it has taken until then. */
      readonly taken: number;
    }
  | { readonly event: 'ended'; readonly stream: number; readonly why: string }
  | { readonly event: 'changed' }
  | { readonly event: 'closed' };
