/** The texts of states, and the numbers of the same: the words programs look for. Pure. */

/** Of a line, in the order of their numbers as API_GetLineStatus has them. */
export const LINE_STATES = [
  'Unknown',
  'NotReady',
  'Init',
  'Ready',
  'Outband',
  'Register',
  'Registered',
  'RegisterFailed',
  'Unregister',
  'Subscribe',
  'Chat',
  'Setup',
  'Routed',
  'InProgress',
  'SessionProgress',
  'Ringing',
  'InCall',
  'Speaking',
  'Midcall',
  'Muted',
  'Hold',
  'Finishing',
  'Finished',
  'Deletable',
  'Error',
] as const;

export type LineState = (typeof LINE_STATES)[number];

/** Told once for every call, and no state it stays in. */
export type LineMoment = 'CallSetup' | 'CallConnect' | 'CallDisconnect';

/** Of the phone as a whole. */
export const GLOBAL_TEXTS = {
  starting: 'Starting...',
  initialized: 'Initialized',
  idle: 'Idle.',
  ready: 'Ready',
  connecting: 'Connecting...',
  securing: 'Securing...',
  register: 'Register...',
  registering: 'Registering...',
  registerFailed: 'Register Failed',
  registered: 'Registered.',
  unregistered: 'Unregistered',
  notRegistered: 'Not Registered',
  noNetwork: 'No network',
  unreachable: 'Server address unreachable',
  accept: 'Accept',
  call: 'Call',
  callInitiated: 'Call Initiated',
  calling: 'Calling...',
  ringing: 'Ringing...',
  incoming: 'Incoming...',
  hangup: 'Hangup',
  callFinished: 'Call Finished',
  chat: 'Chat',
} as const;

/** The text while a call lasts, as the list of states has it. */
export function inCallText(ms: number): string {
  return `In Call (${seconds(ms)} sec)`;
}

/** The same at the beginning and the end of a call, as the example session has it. */
export function speakingText(ms: number): string {
  return `Speaking (${seconds(ms)} sec)`;
}

export function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
