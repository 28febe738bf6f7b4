/** Calls: begin, answer, end, forward, transfer, hold, mute. */
import type { StoredCall } from '../../phone/index.js';
import type { Call } from '../../ua/index.js';
import { MUTES } from '../mapping/service-options.js';
import { PARTIES, reasonText } from '../status/disconnect-reason.js';
import { holdNumber, partyOf, userOf } from '../status/line-desk.js';
import { GLOBAL_TEXTS } from '../status/status-texts.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line number; -1 the active one, -2 all' } as const;
const PEER = { name: 'peer', type: 'string', doc: 'number, user or SIP address' } as const;
const TYPE = {
  name: 'calltype',
  type: 'int',
  default: -1,
  doc: '0 and -1 voice; 1 video, 2 screen: not yet',
} as const;

export const calls = [
  define('API_Call', {
    group: 'calls',
    overloads: [
      [
        { ...LINE, doc: 'line to use if it is free; -1 the next free one' },
        {
          ...PEER,
          doc: 'number, user or SIP address; digits to send after the answer follow a comma; empty: the last one again',
        },
        TYPE,
      ],
    ],
    returns: 'boolean',
    doc: 'Begins a call. STATUS tells how it goes, CDR how it ended.',
    run: (context, { line, peer, calltype }) => {
      if (calltype > 0) return noVideo(context);
      if (!context.lifecycle.startStack()) return false;
      if (!context.dialer.knows(line, peer)) {
        context.report('API_Call: nothing has been dialled yet');
        return false;
      }
      context.background(context.dialer.dial(line, peer), 'API_Call');
      return true;
    },
  }),
  define('API_Hangup', {
    group: 'calls',
    overloads: [[LINE, { name: 'reasontext', type: 'string', default: '', doc: 'told to the peer' }]],
    returns: 'boolean',
    doc: 'Ends calls, or refuses one that rings.',
    run: (context, { line, reasontext }) => {
      const { desk, dialer } = context;
      const calls = desk.select(line);
      for (const call of calls) hangUp(context, call, reasontext);
      const pending = (line < 0 || calls.length === 0) && dialer.abandon();
      return calls.length > 0 || pending;
    },
  }),
  define('API_Accept', {
    group: 'calls',
    overloads: [[LINE, TYPE]],
    returns: 'boolean',
    doc: 'Answers an incoming call.',
    run: (context, { line, calltype }) => {
      const [call] = ringing(context, line);
      if (!call) return false;
      if (calltype > 0) context.warnOnce('video', `${NO_VIDEO}; the call is answered with sound alone`);
      context.board.say(GLOBAL_TEXTS.accept);
      context.background(call.answer(), 'API_Accept');
      return true;
    },
  }),
  define('API_Reject', {
    group: 'calls',
    overloads: [[LINE]],
    returns: 'boolean',
    doc: 'Refuses incoming calls, with the status of `userrejectdisccode`.',
    run: (context, { line }) => {
      const calls = ringing(context, line);
      for (const call of calls) call.reject(refusalOf(context, call), undefined);
      return calls.length > 0;
    },
  }),
  define('API_HandleCall', {
    group: 'calls',
    overloads: [[{ ...LINE, default: -1 }]],
    returns: 'boolean',
    doc: 'Lets an incoming call ring that was held back by `deferincomingcall`.',
    run: (context, { line }) => {
      const [call] = ringing(context, line);
      if (!call) return false;
      context.background(call.ring(), 'API_HandleCall');
      context.board.monitor(call)?.rings();
      return true;
    },
  }),
  define('API_Forward', {
    group: 'calls',
    overloads: [[LINE, PEER]],
    returns: 'boolean',
    doc: 'Sends the caller of a call that rings elsewhere, with the status of `callforwardcode`.',
    run: (context, { line, peer }) => {
      const [call] = ringing(context, line);
      if (!call || peer.trim() === '') return false;
      const status = context.settings.number('callforwardcode');
      call.redirect(peer.trim(), { status: status === 301 ? 301 : 302 });
      return true;
    },
  }),
  define('API_Transfer', {
    group: 'calls',
    overloads: [[LINE, { ...PEER, doc: 'who is to get the call; empty: the other call there is' }]],
    returns: 'boolean',
    doc: 'Transfers a call as `transfertype` says; what comes of it is told by STATUS and EVENT.',
    run: (context, { line, peer }) => context.transfers.transfer(line, peer.trim()),
  }),
  define('API_TransferDialog', {
    group: 'calls',
    overloads: [[]],
    returns: 'boolean',
    waitingFor: 'there is no window; the web phone is to come',
    doc: 'Asks the user for the target of a transfer. There is no window here: false.',
    run: () => false,
  }),
  define('API_Mute', {
    group: 'calls',
    overloads: [
      [
        LINE,
        { name: 'mute', type: 'boolean', default: true, doc: 'false takes it back' },
        {
          name: 'direction',
          type: 'int',
          default: 4,
          doc: '0 and 3 both, 1 speaker, 2 microphone, 4 as `defmute` says',
        },
      ],
    ],
    returns: 'boolean',
    doc: 'Mutes calls; the peers are not told.',
    run: (context, { line, mute, direction }) => {
      const wanted = direction === 4 ? context.settings.number('defmute') : direction;
      if (direction < 0 || direction > 4 || wanted === 5) return false;
      const calls = context.desk.select(line).filter(({ state }) => state === 'connected');
      for (const call of calls) context.desk.phone?.mutes.set(call, mute, MUTES[wanted] ?? 'both');
      return calls.length > 0;
    },
  }),
  define('API_IsMuted', {
    group: 'calls',
    overloads: [[LINE]],
    returns: 'int',
    doc: '0 not, 1 both, 2 the speaker, 3 the microphone, -1 no call.',
    run: ({ desk }, { line }) => {
      const call = desk.one(line);
      if (!call) return -1;
      const muted = desk.muted(call);
      return muted ? { both: 1, speaker: 2, microphone: 3 }[muted] : 0;
    },
  }),
  define('API_Hold', {
    group: 'calls',
    overloads: [[LINE, { name: 'hold', type: 'boolean', default: true, doc: 'false takes the call back' }]],
    returns: 'boolean',
    doc: 'Puts calls on hold, as `holdtype` says, or takes them back.',
    run: (context, { line, hold }) => setHold(context, line, () => hold),
  }),
  define('API_HoldChange', {
    group: 'calls',
    overloads: [[LINE]],
    returns: 'boolean',
    doc: 'Puts a call on hold, or takes it back if it is.',
    run: (context, { line }) => setHold(context, line, (call) => !call.held.local),
  }),
  define('API_IsOnHold', {
    group: 'calls',
    overloads: [[LINE]],
    returns: 'int',
    doc: '0 no, 2 we send only (as we do by default when we hold), 3 we receive only (as when we are held), 4 neither, -1 no call; of line -2 whether any call is.',
    run: ({ desk }, { line }) => {
      const calls = line === -2 ? desk.calls : desk.select(line);
      if (calls.length === 0) return -1;
      return Math.max(...calls.map(holdNumber));
    },
  }),
  define('API_GetCallerID', {
    group: 'calls',
    overloads: [[LINE]],
    returns: 'string',
    doc: 'The name of the other party, or its number.',
    run: ({ desk }, { line }) => {
      const call = desk.one(line);
      if (!call) return '';
      const { user, displayName } = partyOf(call);
      return displayName || user;
    },
  }),
  define('API_GetIncomingDisplay', {
    group: 'calls',
    overloads: [[LINE]],
    returns: 'string',
    doc: 'Number of the caller and, if there is one, the name on a second line.',
    run: (context, { line }) => {
      const call =
        ringing(context, line)[0] ??
        context.desk.select(line).find(({ direction }) => direction === 'incoming');
      if (!call) return '';
      const { user, displayName } = partyOf(call);
      return displayName && displayName !== user ? `${user}\n${displayName}` : user;
    },
  }),
  define('API_GetLastCallDetails', {
    group: 'calls',
    overloads: [[]],
    returns: 'string',
    doc: 'What the last call was, a line for each: peer, direction, times, Disc By, reason, Call-ID. Empty before the first.',
    run: lastCallDetails,
  }),
  define('API_GetDiscReasonText', {
    group: 'calls',
    overloads: [[]],
    returns: 'string',
    doc: 'Why the last call ended.',
    run: ({ board }) => board.last?.reason.text ?? '',
  }),
  define('API_GetDiscReasonCode', {
    group: 'calls',
    overloads: [[]],
    returns: 'string',
    doc: 'What ended the last call or refused the last registration: BYE, CANCEL or a status; -1 when there was no such message.',
    run: ({ board }) => board.lastCode,
  }),
  define('API_IsInCall', {
    group: 'calls',
    overloads: [[]],
    returns: 'int',
    failure: 0,
    doc: '0 no call, 1 one that is not answered yet, 2 in conversation.',
    run: ({ desk }) => desk.inCall(),
  }),
  define('API_GetCurrentConnectedCallCount', {
    group: 'calls',
    overloads: [[]],
    returns: 'int',
    failure: 0,
    doc: 'How many calls are answered.',
    run: ({ desk }) => desk.calls.filter(({ state }) => state === 'connected').length,
  }),
  define('API_AddVideo', {
    group: 'video',
    overloads: [[LINE, { name: 'calltype', type: 'int', default: 1, doc: '1 video, 2 screen' }]],
    returns: 'boolean',
    waitingFor: 'video is to come',
    doc: 'Adds video to a call. Not yet: false.',
    run: () => false,
  }),
  define('API_StopVideo', {
    group: 'video',
    overloads: [[LINE]],
    returns: 'boolean',
    waitingFor: 'video is to come',
    doc: 'Ends the video of a call. Not yet: false.',
    run: () => false,
  }),
  define('API_SendVideoRTP', {
    group: 'video',
    overloads: [
      [
        { name: 'line', type: 'int', default: -1 },
        { name: 'buff', type: 'bytes', default: '' },
        { name: 'len', type: 'int', default: 0 },
      ],
    ],
    returns: 'boolean',
    remote: false,
    waitingFor: 'video is to come',
    doc: 'Sends RTP packets of video. Not yet: false.',
    run: () => false,
  }),
];

const NO_VIDEO = 'calls with video are to come';

function noVideo(context: WebphoneContext): boolean {
  context.warnOnce('video', `${NO_VIDEO}; nothing was dialled`);
  return false;
}

/** The calls that ring on that line, or the one that does at all. */
function ringing({ desk }: WebphoneContext, line: number): Call[] {
  const named = desk.select(line).filter(rings);
  if (named.length > 0 || desk.phone?.lines.strict) return named;
  return desk.calls.filter(rings).slice(0, 1);
}

function rings({ direction, state }: Call): boolean {
  return direction === 'incoming' && state === 'ringing';
}

/** The status a call is refused with: a line may have one of its own. */
function refusalOf({ desk, settings }: WebphoneContext, call: Call): number {
  const own = settings.forLine(desk.lineOf(call)).number('disccode');
  return own === settings.number('disccode') ? settings.number('userrejectdisccode') : own;
}

function hangUp(context: WebphoneContext, call: Call, text: string): void {
  const { desk, settings } = context;
  const reason = text || settings.forLine(desk.lineOf(call)).text('discreason');
  context.board.hangupBegins(call);
  if (call.direction === 'incoming' && call.state === 'ringing') {
    call.reject(refusalOf(context, call), reason || undefined);
  } else {
    void call.hangup({ reason: reason || undefined });
  }
}

function setHold(context: WebphoneContext, line: number, wanted: (call: Call) => boolean): boolean {
  const calls = context.desk.select(line).filter(({ state }) => state === 'connected');
  for (const call of calls) {
    const work = wanted(call) ? call.hold() : call.resume();
    context.background(work, 'API_Hold');
  }
  return calls.length > 0;
}

function lastCallDetails({ board, kept }: WebphoneContext): string {
  const { last } = board;
  if (!last) {
    const [before] = kept.store.calls.latest(1);
    return before ? storedDetails(before) : '';
  }
  const { record, reason, line } = last;
  return [
    `Line: ${line}`,
    `Peer: ${userOf(record.remote)}`,
    `Name: ${record.remoteDisplayName ?? ''}`,
    `Direction: ${record.direction === 'outgoing' ? 1 : 2}`,
    `Start: ${isoTime(record.startedAt)}`,
    `Connect: ${isoTime(record.answeredAt)}`,
    `End: ${isoTime(record.endedAt)}`,
    `Duration: ${record.durationMs}`,
    `Codec: ${record.codec ?? ''}`,
    `Disc By: ${reason.party}`,
    `Disc Code: ${reason.code || '-1'}`,
    `Disc Reason: ${reasonText(reason)}`,
    `Call-ID: ${record.callId}`,
  ].join('\r\n');
}

/** Of a run before this one. */
function storedDetails(call: StoredCall): string {
  const answeredAt = call.startedAt + call.connectMs;
  return [
    `Line: ${call.line}`,
    `Peer: ${call.peer}`,
    `Name: ${call.peerName}`,
    `Direction: ${call.direction === 'outgoing' ? 1 : 2}`,
    `Start: ${isoTime(call.startedAt)}`,
    `Connect: ${isoTime(call.answered ? answeredAt : undefined)}`,
    `End: ${isoTime(answeredAt + call.durationMs)}`,
    `Duration: ${call.durationMs}`,
    `Disc By: ${PARTIES[call.endedBy]}`,
    `Disc Reason: ${call.reason}`,
    `Call-ID: ${call.callId}`,
  ].join('\r\n');
}

function isoTime(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString();
}
