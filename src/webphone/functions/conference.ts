/** Conferences. */
import { define } from './spec.js';

export const conference = [
  define('API_Conf', {
    group: 'conference',
    overloads: [
      [{ name: 'peer', type: 'string', default: '', doc: 'who is to join; empty: mix the calls there are' }],
    ],
    returns: 'boolean',
    doc: 'Mixes the calls there are, or calls somebody who joins when he has answered.',
    run: ({ conferences, lifecycle, background }, { peer }) => {
      if (peer.trim() === '') return conferences.mixAll();
      if (!lifecycle.startStack()) return false;
      background(conferences.invite(-1, peer.trim(), -1), 'API_Conf');
      return true;
    },
  }),
  define('API_ConfEx', {
    group: 'conference',
    overloads: [
      [{ name: 'line', type: 'int', doc: '-2: end all conferences; else add that line' }],
      [
        { name: 'line', type: 'int', doc: 'line to add or remove; -1 with a peer, -2 all' },
        { name: 'peer', type: 'string', default: '', doc: 'who is to be called, or empty' },
        { name: 'add', type: 'boolean', default: true, doc: 'false removes' },
        {
          name: 'conflate',
          type: 'int',
          aliases: ['confline'],
          default: -1,
          doc: 'a line that is in the conference meant, when there are several',
        },
      ],
    ],
    returns: 'boolean',
    doc: 'Adds lines or people to a conference, removes lines, or ends it and keeps the calls.',
    run: ({ conferences, lifecycle, background }, { line, peer, add, conflate = -1 }) => {
      // Alone, -2 ends all: peer and add were not given.
      const adds = add ?? line !== -2;
      if (peer?.trim()) {
        if (!lifecycle.startStack()) return false;
        background(conferences.invite(line, peer.trim(), conflate), 'API_ConfEx');
        return true;
      }
      if (line === -2) return adds ? conferences.mixAll() : conferences.destroy();
      return adds ? conferences.add(line, conflate) : conferences.remove(line);
    },
  }),
];
