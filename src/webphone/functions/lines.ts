/** The lines: which one is active, and what is on each. */
import { holdNumber, hostOf, muteNumber, partyOf, userOf } from '../status/line-desk.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line number, -1 the active one' } as const;

export const lines = [
  define('API_SetLine', {
    group: 'lines',
    overloads: [[LINE]],
    returns: 'boolean',
    doc: 'Makes a line the active one: what is done with line -1 is done there.',
    run: ({ desk, settings }, { line }) => {
      // -1 and -2 leave the choice to the phone, which it has anyway.
      if (line === -1 || line === -2) return true;
      if (line < 1 || line > settings.number('maxlineex')) return false;
      desk.choose(line);
      return true;
    },
  }),
  define('API_GetLine', {
    group: 'lines',
    overloads: [[]],
    returns: 'int',
    doc: 'The active line.',
    run: ({ desk }) => desk.active,
  }),
  define('API_GetLineDetails', {
    group: 'lines',
    overloads: [[LINE]],
    returns: 'string',
    doc: 'LINEDETAILS,line,state,callid,remoteusername,localusername,type,localaddress,serveraddress,mute,hold,remotefullname. Empty without a call.',
    run: lineDetails,
  }),
  define('API_LineToCallID', {
    group: 'lines',
    overloads: [[LINE]],
    returns: 'string',
    doc: 'The Call-ID of the call on a line; empty when there is none.',
    run: ({ desk, accounts }, { line }) =>
      line === 0 ? (accounts.callId ?? '') : (desk.one(line)?.id ?? ''),
  }),
  define('API_CallIDToLine', {
    group: 'lines',
    overloads: [[{ name: 'callid', type: 'string' }]],
    returns: 'int',
    doc: 'The line of the call with a Call-ID; 0 for that of a registration, -1 when there is none.',
    run: ({ desk, accounts }, { callid }) => {
      const wanted = callid.trim().replace(/^\[|\]$/g, '');
      const call = desk.calls.find(({ id }) => id === wanted);
      if (call) return desk.lineOf(call);
      return accounts.all.some((entry) => accounts.registrationOf(entry)?.callId === wanted) ? 0 : -1;
    },
  }),
  define('API_NextCallID', {
    group: 'lines',
    overloads: [[{ name: 'callid', type: 'string', default: '', doc: 'empty: one is made' }]],
    returns: 'string',
    doc: 'Sets the Call-ID of the next call, and gives it.',
    run: ({ dialer }, { callid }) => dialer.nextCallId(callid.trim()),
  }),
];

function lineDetails({ desk, stack }: WebphoneContext, { line }: { line: number }): string {
  const call = desk.one(line);
  if (!call) return '';
  const party = partyOf(call);
  const local = stack.phone?.addresses[0];
  return [
    'LINEDETAILS',
    desk.lineOf(call),
    desk.steadyState(call),
    call.id,
    party.user,
    userOf(call.local),
    call.direction === 'outgoing' ? 1 : 2,
    local ? `${local.host}:${local.port}` : '',
    hostOf(call.remote.uri),
    muteNumber(desk.muted(call)),
    holdNumber(call),
    party.displayName.replaceAll(',', ';'),
  ].join(',');
}
