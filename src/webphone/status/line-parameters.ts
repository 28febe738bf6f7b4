/**
 * What stands under the names of settings and is about the call a line has now: who it is with, its Call-ID, its state,
 * whether it is held, why the last one ended. What is set for the next call of the line stays with the settings. Used by
 * API_GetLineParameter and API_SetLineParameter.
 */
import { mutedAs } from '../mapping/service-options.js';
import { resolveName } from '../parameters/names.js';
import type { ParameterName } from '../parameters/parameters.js';
import type { WebphoneContext } from '../webphone-context.js';
import { partyOf } from './line-desk.js';

const OF_ONE_CALL: ReadonlySet<string> = new Set<ParameterName>([
  'peer',
  'holded',
  'discreason',
  'line',
  'callid',
  'state',
]);

/** What a call has, or is in: nothing all calls could have. */
export function isOfOneCall(name: string): boolean {
  return OF_ONE_CALL.has(resolveName(name)?.key ?? '');
}

/** Undefined: what the settings say holds. */
export function liveParameter(context: WebphoneContext, name: string, line: number): string | undefined {
  const { desk, board } = context;
  const call = desk.calls.find((one) => desk.lineOf(one) === line);
  switch (resolveName(name)?.key) {
    case 'line':
      return String(line);
    case 'peer':
      return call && partyOf(call).user;
    case 'callid':
      return call?.id;
    case 'state':
      return call ? desk.notes(call).state : '';
    case 'holded':
      return call?.held.local ? '1' : '0';
    case 'discreason':
      return !call && board.last?.line === line ? board.last.reason.text : undefined;
    default:
      return undefined;
  }
}

/** @returns undefined for what the settings are to keep; false for what can only be read, or has no call to act on */
export function setLiveParameter(
  { desk, background }: WebphoneContext,
  name: string,
  value: string,
  line: number,
): boolean | undefined {
  const key = resolveName(name)?.key;
  if (key === 'line' || key === 'state') return false;
  const call = desk.calls.find((one) => desk.lineOf(one) === line && one.state === 'connected');
  // Of the call there is now; the settings keep it as well, for those they are to keep it for.
  if (key === 'muted' && call && /^\s*[0-4]\s*$/.test(value))
    desk.phone?.mutes.only(call, mutedAs(Number(value)));
  if (key !== 'holded') return undefined;
  if (!call) return false;
  background(/^(0|false)$/i.test(value.trim()) ? call.resume() : call.hold(), 'holded');
  return true;
}
