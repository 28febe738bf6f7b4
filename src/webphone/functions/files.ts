/** Files of the work folder, and of a server. */
import { define } from './spec.js';

const NAME = { name: 'filename', type: 'string', doc: 'name within the work folder' } as const;
const CONTENT = { name: 'content', type: 'string' } as const;

export const files = [
  define('API_SaveFile', {
    group: 'files',
    overloads: [[NAME, CONTENT]],
    returns: 'boolean',
    waits: true,
    doc: 'Keeps a text, encrypted for this machine.',
    run: async ({ files }, { filename, content }) => {
      await files.save(filename, content, { encrypted: true });
      return true;
    },
  }),
  define('API_SaveFileRaw', {
    group: 'files',
    overloads: [[NAME, CONTENT]],
    returns: 'boolean',
    waits: true,
    doc: 'Keeps a text as it is.',
    run: async ({ files }, { filename, content }) => {
      await files.save(filename, content);
      return true;
    },
  }),
  define('API_LoadFile', {
    group: 'files',
    overloads: [[NAME]],
    returns: 'string',
    waits: true,
    doc: 'The text of a file, or what API_LoadFileRemote brought under that name; empty when there is none.',
    run: async ({ files, remoteFiles }, { filename }) =>
      remoteFiles.takeDownload(filename) ?? (await files.load(filename)) ?? '',
  }),
  define('API_SaveFileRemote', {
    group: 'files',
    overloads: [[NAME, CONTENT]],
    returns: 'boolean',
    doc: 'Begins to send a text to the server of `ftp_addr` or `http_addr`.',
    run: ({ remoteFiles, background }, { filename, content }) => {
      if (!remoteFiles.configured) return false;
      background(remoteFiles.save(filename, content), 'API_SaveFileRemote');
      return true;
    },
  }),
  define('API_LoadFileRemote', {
    group: 'files',
    overloads: [[NAME]],
    returns: 'boolean',
    doc: 'Begins to load a file from that server; API_LoadFile has it a little later, or a text `ERROR: reason`.',
    run: ({ remoteFiles }, { filename }) => {
      if (!remoteFiles.configured) return false;
      void remoteFiles.download(filename);
      return true;
    },
  }),
  define('API_LoadFileRemoteSync', {
    group: 'files',
    overloads: [[NAME]],
    returns: 'string',
    failure: 'ERROR',
    waits: true,
    doc: 'Loads a file from that server and waits for it.',
    run: ({ remoteFiles }, { filename }) => remoteFiles.load(filename),
  }),
  define('API_GetBindir', {
    group: 'files',
    overloads: [[]],
    returns: 'string',
    doc: 'The folder of the program.',
    run: ({ folders }) => folders.bin,
  }),
  define('API_GetWorkdir', {
    group: 'files',
    overloads: [[]],
    returns: 'string',
    doc: 'The folder for the data of the phone.',
    run: ({ folders }) => folders.work,
  }),
  define('API_GetAltWorkdir', {
    group: 'files',
    overloads: [[]],
    returns: 'string',
    doc: 'Another folder that can be written to: the one of the system for temporary files.',
    run: ({ folders }) => folders.alternative,
  }),
];
