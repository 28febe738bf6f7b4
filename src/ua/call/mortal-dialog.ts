/**
 * A dialog after our BYE, until that is answered ("mortal" in RFC 5407 §3.1.2): a BYE of the peer that crossed ours is
 * answered with 200, anything else with 481. Used by CallSession; nothing of the call hangs on it.
 */
import type { ServerHandle, SipRequest } from '../../sip/index.js';
import type { DialogOwner } from './call-host.js';

export const MORTAL_DIALOG: DialogOwner = {
  onDialogRequest(request: SipRequest, tx: ServerHandle): void {
    tx.reply(request.method === 'BYE' ? 200 : 481);
  },
  onDialogAck(): void {},
};
