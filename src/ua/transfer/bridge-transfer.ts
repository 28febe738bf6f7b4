/** A transfer without REFER: both parties are mixed here, for peers and servers that know no transfers. Used by Transfer. */
import { SwitchhookError } from '../../base/errors.js';
import type { MediaBridge } from '../../media/index.js';
import type { CallSession } from '../call/call-session.js';

/**
 * @param oldParty what becomes of the first one
 * @returns the bridge, which closes when one of the calls ends
 * @throws ERR_TRANSFER, ERR_CALL_REJECTED when the first one cannot be held: nothing is mixed then
 */
export async function bridgeParties(
  first: CallSession,
  second: CallSession,
  oldParty: 'mute' | 'hold' | 'join',
): Promise<MediaBridge> {
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
  const over = (): void => void bridge.close();
  void first.whenEnded.then(over);
  void second.whenEnded.then(over);
  const takeBack = oldParty === 'hold' ? old.hold.hold({}) : undefined;
  if (!takeBack) return bridge;
  try {
    await first.modifier.modify('media');
  } catch (error) {
    takeBack();
    over();
    throw error;
  }
  first.agreement.holdChanged();
  return bridge;
}
