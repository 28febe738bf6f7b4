/** Methods of the group audio. Written by `npm run docs` from the function table. */
import type { Bool, Int, Text } from './types.js';

export interface AudioMethods {
  /**
   * Plays a file to the peer or here. PLAYREADY tells when the peer has heard it.
   * @param start 1 play, 0 stop, -1 only get ready
   * @param looping 1: again and again; default 0
   * @param async false waits until the end, of what is played here and once; default true
   * @param islocal does not matter: http and https addresses are fetched; default true
   * @param toremotepeer true: to the peer, false: to whoever is here; default false
   * @param line default -1
   * @param audiodevice a device of the list for this sound; with `toremotepeer` it is heard there as well
   * @param isring true: on the ringer; default false
   */
  API_PlaySound(
    start: Int,
    file?: Text,
    looping?: Int,
    async?: Bool,
    islocal?: Bool,
    toremotepeer?: Bool,
    line?: Int,
    audiodevice?: Text,
    isring?: Bool,
  ): Promise<boolean>;

  /** Opens a window to choose devices. There is none here: false. */
  API_AudioDevice(): boolean;

  /**
   * Names of the devices, a line each.
   * @param dev 0 microphones, 1 speakers, 2 all; default 2
   */
  API_GetAudioDeviceList(dev?: Int): Promise<string>;

  /**
   * The device that is chosen.
   * @param dev 0 microphone, 1 speaker, 2 ringer
   */
  API_GetAudioDevice(dev: Int): string;

  /**
   * Chooses a device.
   * @param dev 0 microphone, 1 speaker, 2 ringer
   * @param devicename a name of the list, Default, All for the ringer, or a number from 0 to 9
   * @param immediate 1 for the next call, 2 at once; default 0
   */
  API_SetAudioDevice(dev: Int, devicename: Text, immediate?: Int): Promise<boolean>;

  /**
   * Sets a volume.
   * @param dev 0 microphone, 1 speaker, 2 ringer
   * @param volume 0 to 100
   * @param line a line for a volume of its own; default -2
   */
  API_SetVolume(dev: Int, volume: Int, line?: Int): boolean;

  /**
   * A volume from 0 to 100.
   * @param dev 0 microphone, 1 speaker, 2 ringer
   * @param line default -2
   */
  API_GetVolume(dev: Int, line?: Int): number;
}
