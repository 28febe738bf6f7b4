/** Presence, busy lamps and voicemail. */
import { define } from './spec.js';

const USERS = { name: 'userlist', type: 'string', doc: 'users, separated by commas' } as const;

export const presence = [
  define('API_CheckVoicemail', {
    group: 'accounts',
    overloads: [[{ name: 'line', type: 'int', default: -1 }]],
    returns: 'boolean',
    doc: 'Asks the server for waiting messages. MWI tells.',
    run: ({ presence, background, accounts }) => {
      if (!accounts.main) return false;
      background(presence.checkVoicemail(), 'API_CheckVoicemail');
      return true;
    },
  }),
  define('API_PushContactlist', {
    group: 'presence',
    overloads: [[{ name: 'contacts', type: 'string', doc: 'users and numbers, separated by commas' }]],
    returns: 'boolean',
    doc: 'People whose requests to see our presence are accepted.',
    run: ({ presence }, { contacts }) => presence.know(contacts),
  }),
  define('API_NumExists', {
    group: 'presence',
    overloads: [[USERS]],
    returns: 'boolean',
    waitingFor: 'only servers of another vendor can tell which numbers exist',
    doc: 'Asks which contacts exist; needs a server of the vendor: false.',
    run: () => false,
  }),
  define('API_CheckPresence', {
    group: 'presence',
    overloads: [[USERS]],
    returns: 'boolean',
    doc: 'Watches the presence of users. PRESENCE tells.',
    run: ({ presence }, { userlist }) => presence.watch(userlist),
  }),
  define('API_SetPresenceStatus', {
    group: 'presence',
    overloads: [
      [{ name: 'statustring', type: 'string', doc: 'Online, Away, Busy, DND, Invisible or Offline' }],
    ],
    returns: 'boolean',
    doc: 'Tells how we are.',
    run: ({ presence, background }, { statustring }) => {
      const work = presence.status(statustring);
      if (work) background(work, 'API_SetPresenceStatus');
      return work !== undefined;
    },
  }),
  define('API_NewUser', {
    group: 'presence',
    overloads: [[{ name: 'username', type: 'string' }]],
    returns: 'boolean',
    doc: 'Accepts who asked to see our presence (NEWUSER), and watches theirs.',
    run: ({ presence }, { username }) => presence.accept(username),
  }),
  define('API_UnSubscribe', {
    group: 'presence',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Ends all watches: presence, busy lamps and voicemail.',
    run: ({ presence }) => presence.unsubscribe(),
  }),
  define('API_CheckBLF', {
    group: 'presence',
    overloads: [[{ ...USERS, doc: 'extensions, separated by commas' }]],
    returns: 'boolean',
    doc: 'Watches the calls of extensions. BLF tells.',
    run: ({ presence }, { userlist }) => presence.watchCalls(userlist),
  }),
  define('API_DisableBLF', {
    group: 'presence',
    overloads: [[{ ...USERS, default: '', doc: 'extensions; empty: all' }]],
    returns: 'boolean',
    doc: 'Watches the calls of extensions no more.',
    run: ({ presence }, { userlist }) => presence.unwatchCalls(userlist),
  }),
];
