/** A transfer without REFER: both parties are mixed here, for peers and servers that know no transfers. Used by Transfer. */
import { SwitchhookError } from '../../base/errors.js';
import type { CallSession } from '../call/call-session.js';

/** @param oldParty what becomes of the first one */
export async function bridgeParties(
  first: CallSession,
  second: CallSession,
  oldParty: 'mute' | 'hold' | 'join',
): Promise<void> {
  const { engine } = first.env;
  const [old, fresh] = [first.media, second.media];
  if (!engine.openBridge || !old || !fresh) {
    throw new SwitchhookError('ERR_TRANSFER', {
      target: second.remote.uri.toString(),
      why: 'this media engine cannot mix calls',
    });
  }
  const bridge = await engine.openBridge({ label: `transfer ${first.callId}` });
  bridge.add(fresh.session);
  bridge.add(old.session, { muted: oldParty === 'mute' });
  if (oldParty === 'hold' && old.hold.hold({})) {
    await first.modifier.modify('media');
    first.agreement.holdChanged();
  }
  const over = (): void => void bridge.close();
  void first.whenEnded.then(over);
  void second.whenEnded.then(over);
}
