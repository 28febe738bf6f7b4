/** What the media session of a call tells: handed on as events of the call, or taken for its end. */
import { SwitchhookError } from '../../base/errors.js';
import type { CallMedia } from './call-media.js';
import type { CallSession } from './call-session.js';

/** @param onAudio audio of the peer comes, for the first time or again */
export function followMedia(call: CallSession, media: CallMedia, onAudio: () => void): void {
  const { session } = media;
  const { events, logger } = call;
  session.on('dtmf', (event) => events.emit('dtmf', event));
  session.on('flowing', (event) => {
    onAudio();
    events.emit('flowing', event);
  });
  session.on('mediaBack', (event) => events.emit('mediaBack', event));
  session.on('error', (error) => {
    events.emit('error', error);
    if (error.code === 'ERR_MEDIA_SRTP_KEY' && media.endsOnWrongKey)
      call.fail({ by: 'error', status: 488, reason: error.message, error });
  });
  session.on('srtpKeyExpiring', () => {
    media.renewKeys();
    void call.modifier.modify('media').catch((error: unknown) => {
      logger.warn('new SRTP keys could not be agreed on', { error });
    });
  });
  session.on('noMedia', (report) => {
    logger.warn('no audio', { why: report.explanation });
    events.emit('noMedia', report);
  });
  session.on('mediaTimeout', ({ silentMs }) => {
    const error = new SwitchhookError('ERR_MEDIA_TIMEOUT', { seconds: Math.round(silentMs / 1000) });
    call.fail({ by: 'error', status: 408, reason: error.message, error });
  });
  session.on('ended', (error) => {
    if (error) call.fail({ by: 'error', status: 500, reason: error.message, error });
  });
}
