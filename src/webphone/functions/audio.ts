/** Sounds and sound devices. */
import { ROLES } from '../media/audio-desk.js';
import { define } from './spec.js';

const DEVICE = { name: 'dev', type: 'int', doc: '0 microphone, 1 speaker, 2 ringer' } as const;

export const audio = [
  define('API_PlaySound', {
    group: 'audio',
    overloads: [
      [
        { name: 'start', type: 'int', doc: '1 play, 0 stop, -1 only get ready' },
        { name: 'file', type: 'string', default: '' },
        { name: 'looping', type: 'int', default: 0, doc: '1: again and again' },
        {
          name: 'async',
          type: 'boolean',
          default: true,
          doc: 'false waits until the end, of what is played here and once',
        },
        {
          name: 'islocal',
          type: 'boolean',
          default: true,
          doc: 'does not matter: http and https addresses are fetched',
        },
        {
          name: 'toremotepeer',
          type: 'boolean',
          default: false,
          doc: 'true: to the peer, false: to whoever is here',
        },
        { name: 'line', type: 'int', default: -1 },
        {
          name: 'audiodevice',
          type: 'string',
          default: '',
          doc: 'a device of the list for this sound; with `toremotepeer` it is heard there as well',
        },
        { name: 'isring', type: 'boolean', default: false, doc: 'true: on the ringer' },
      ],
    ],
    returns: 'boolean',
    waits: true,
    doc: 'Plays a file to the peer or here. PLAYREADY tells when the peer has heard it.',
    run: async ({ players, audio, folders, sounds }, args) => {
      const { start, looping, toremotepeer, line, isring } = args;
      const file = args.file.trim();
      if (start === 0) return audio.stop() && players.stop(line);
      if (file === '') return start === -1;
      const path = sounds.isAddress(file) ? await sounds.fetch(file) : folders.find(file);
      if (start !== 1) return start === -1;
      const device = args.audiodevice.trim();
      if (toremotepeer && !players.play(line, path, looping === 1)) return false;
      if (toremotepeer && device === '') return true;
      const { over } = await audio.play(isring ? 'ringer' : 'speaker', path, looping === 1, device);
      if (!args.async && !toremotepeer && looping !== 1) await over;
      return true;
    },
  }),
  define('API_AudioDevice', {
    group: 'audio',
    overloads: [[]],
    returns: 'boolean',
    waitingFor: 'there is no window; the web phone is to come',
    doc: 'Opens a window to choose devices. There is none here: false.',
    run: () => false,
  }),
  define('API_GetAudioDeviceList', {
    group: 'audio',
    overloads: [[{ name: 'dev', type: 'int', default: 2, doc: '0 microphones, 1 speakers, 2 all' }]],
    returns: 'string',
    waits: true,
    doc: 'Names of the devices, a line each.',
    run: ({ audio }, { dev }) => audio.list(dev),
  }),
  define('API_GetAudioDevice', {
    group: 'audio',
    overloads: [[DEVICE]],
    returns: 'string',
    doc: 'The device that is chosen.',
    run: ({ audio }, { dev }) => (ROLES[dev] ? audio.selected(ROLES[dev]) : ''),
  }),
  define('API_SetAudioDevice', {
    group: 'audio',
    overloads: [
      [
        DEVICE,
        {
          name: 'devicename',
          type: 'string',
          doc: 'a name of the list, Default, All for the ringer, or a number from 0 to 9',
        },
        { name: 'immediate', type: 'int', default: 0, doc: '1 for the next call, 2 at once' },
      ],
    ],
    returns: 'boolean',
    waits: true,
    doc: 'Chooses a device.',
    run: ({ audio }, { dev, devicename, immediate }) =>
      ROLES[dev] ? audio.select(ROLES[dev], devicename.trim(), immediate) : false,
  }),
  define('API_SetVolume', {
    group: 'audio',
    overloads: [
      [
        DEVICE,
        { name: 'volume', type: 'int', doc: '0 to 100' },
        { name: 'line', type: 'int', default: -2, doc: 'a line for a volume of its own' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sets a volume.',
    run: ({ audio }, { dev, volume, line }) =>
      ROLES[dev] ? audio.setVolume(ROLES[dev], volume, line) : false,
  }),
  define('API_GetVolume', {
    group: 'audio',
    overloads: [[DEVICE, { name: 'line', type: 'int', default: -2 }]],
    returns: 'int',
    doc: 'A volume from 0 to 100.',
    run: ({ audio }, { dev, line }) => (ROLES[dev] ? audio.volume(ROLES[dev], line) : -1),
  }),
];
