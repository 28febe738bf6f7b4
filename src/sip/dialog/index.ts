/** Dialogs (RFC 3261 §12) and what belongs to them. */
export { Dialog, type DialogState } from './dialog.js';
export { DialogTable } from './dialog-table.js';
export {
  AcceptRetransmitter,
  ProvisionalRetransmitter,
  type ResponseRetransmitterOptions,
} from './response-retransmitter.js';
export { answersSipsContact, sendsSipsContact } from './routing.js';
