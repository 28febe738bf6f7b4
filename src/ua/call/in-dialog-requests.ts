/**
 * What a call does with the requests that arrive in its dialogs (RFC 3261 §12.2.2): order, BYE, re-INVITE, UPDATE,
 * INFO, OPTIONS, PRACK. Part of CallSession; it sends no requests.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { Dialog, ServerHandle, SipRequest } from '../../sip/index.js';
import { lenient } from '../lenient.js';
import { endText, q850Cause, reasonText, sdpOf, tellAbilities } from './call-host.js';
import type { CallSession } from './call-session.js';
import { parseDtmfInfo } from './dtmf-info.js';

export function onDialogRequest(
  session: CallSession,
  request: SipRequest,
  tx: ServerHandle,
  dialog: Dialog,
): void {
  if (dialog.acceptRequest(request) !== 'ok') {
    tx.reply(500, 'CSeq out of order'); // RFC 3261 §12.2.2
    return;
  }
  switch (request.method) {
    case 'BYE':
      return onBye(session, request, tx, dialog);
    case 'INVITE':
      return onReInvite(session, request, tx, dialog);
    case 'UPDATE':
      return onUpdate(session, request, tx, dialog);
    case 'PRACK':
      if (session.incoming) return session.incoming.onPrack(request, tx);
      tx.reply(481);
      return;
    case 'INFO':
      return onInfo(session, request, tx);
    case 'OPTIONS':
      tx.reply(200, undefined, (response) => tellAbilities(session.env, response));
      return;
    default:
      onOther(session, request, tx, dialog);
  }
}

/** What somebody else in the user agent serves: MESSAGE, REFER. */
function onOther(session: CallSession, request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
  const handler = session.env.methods.get(request.method);
  if (handler?.inCall) handler.inCall(request, tx, dialog, session);
  else tx.reply(405, undefined, (response) => response.set('Allow', session.env.allow));
}

function onBye(session: CallSession, request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
  tx.reply(200);
  if (dialog !== session.dialog && session.direction === 'outgoing') {
    // A fork that gives up by BYE instead of a final response; the others go on.
    dialog.terminate();
    session.env.dialogs.remove(dialog);
    return;
  }
  const answered = session.state === 'connected';
  // RFC 3261 §15.1.2: a BYE within an early dialog ends the call as well.
  session.incoming?.reject(487);
  session.finish({
    by: 'remote',
    status: answered ? 200 : 487,
    reason: lenient(() => reasonText(request), undefined) ?? 'hung up by the peer',
    q850: lenient(() => q850Cause(request), undefined),
    text: endText(request),
    error: answered ? undefined : new SwitchhookError('ERR_CALL_CANCELLED'),
  });
}

function onReInvite(session: CallSession, request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
  if (session.dialog) {
    session.modifier.onRequest(request, tx, dialog);
    return;
  }
  // RFC 3261 §14.2: ours is pending, 491; theirs is, 500.
  tx.reply(session.direction === 'outgoing' ? 491 : 500, undefined, (response) => {
    if (response.status === 500) setRetryAfter(session, response);
  });
}

/** RFC 3311: in an early dialog as well, but there an offer has to wait for the answer to the one before (§5.2). */
function onUpdate(session: CallSession, request: SipRequest, tx: ServerHandle, dialog: Dialog): void {
  const { incoming, media } = session;
  const early = session.dialog === undefined;
  const tag = early && !incoming ? dialog.remoteTag : undefined;
  if (early && sdpOf(request) !== undefined && !media?.isOffering(tag)) {
    const settled = media?.isSettled(tag) && (incoming?.answerConfirmed ?? true);
    if (!settled) {
      tx.reply(500, undefined, (response) => setRetryAfter(session, response));
      return;
    }
  }
  session.modifier.onRequest(request, tx, dialog, tag);
}

function setRetryAfter(session: CallSession, response: { set(name: string, value: number): unknown }): void {
  response.set('Retry-After', Math.floor(session.env.random.float() * 10));
}

function onInfo(session: CallSession, request: SipRequest, tx: ServerHandle): void {
  // Without an Info Package: the legacy use of RFC 2976 (RFC 6086 §2).
  if (request.has('Info-Package')) {
    tx.reply(469, 'Bad Info Package', (response) => response.set('Recv-Info', 'nil'));
    return;
  }
  tx.reply(200);
  const digit = parseDtmfInfo(request);
  // The media tells it, unless it came there as well.
  if (digit && session.media) session.media.session.reportDigit(digit.digit, digit.durationMs);
  else if (digit) session.events.emit('dtmf', { ...digit, via: 'info' });
  else if (request.body.length > 0) {
    const { type, subtype } = request.contentType ?? { type: 'text', subtype: 'plain' };
    session.events.emit('info', { contentType: `${type}/${subtype}`, body: request.bodyText });
  }
}
