/**
 * Sends digits (DTMF) in the way that is wanted or that the peer takes: telephone-events (RFC 4733), tones, INFO, or two of
 * them; and goes over to RTP when the peer refuses INFO. Used by Call.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { DtmfSendOptions } from '../../media/index.js';
import type { CallSession } from './call-session.js';
import { dtmfInfoBody } from './dtmf-info.js';

/**
 * `auto`: telephone-events where the peer takes them, else INFO; `inband`: tones in the audio; `off`: nothing is sent.
 * With two ways at once the peer may hear a digit twice.
 */
export type DtmfMethod = 'auto' | 'rfc4733' | 'inband' | 'info' | 'info+rfc4733' | 'info+inband' | 'off';

export interface DtmfOptions extends Omit<DtmfSendOptions, 'method'> {
  /** Default `auto`. */
  method?: DtmfMethod;
  /** Digits before the call is answered: never, as RTP once RTP has come, or as RTP in any case. Default 'auto'. */
  early?: 'never' | 'auto' | 'always';
}

export interface DtmfFallback {
  digit: string;
  from: 'info';
  to: 'rfc4733' | 'inband';
  /** Why INFO did not do. */
  error: SwitchhookError;
}

type SendInfo = (contentType: string, body: string) => Promise<void>;

const PAUSE_MS = 500;

/** @throws ERR_INVALID_ARGUMENT, ERR_CALL_STATE, and what INFO may throw when there is no other way */
export async function sendDigits(
  session: CallSession,
  text: string,
  options: DtmfOptions,
  info: SendInfo,
): Promise<void> {
  const digits = text.toUpperCase().replaceAll(' ', ',');
  if (!/^[0-9*#A-D,]*$/.test(digits)) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `digits "${text}": only 0-9 * # A-D, space and comma can be sent`,
    });
  }
  const { method: wanted = 'auto', early = 'auto', ...timing } = options;
  const { media, state } = session;
  if (!media || session.ended || wanted === 'off') return wanted === 'off' ? undefined : refuse(state);
  const events = media.canSendTelephoneEvents;
  const method = wanted === 'auto' ? (events ? 'rfc4733' : 'info') : wanted;
  const rtp = method.includes('inband') || !events ? 'inband' : 'rfc4733';
  const overRtp = (some: string): Promise<void> =>
    media.session.sendDtmf(some, rtp === 'inband' ? { ...timing, method: rtp } : timing);
  if (state !== 'connected') {
    const allowed = early === 'always' || (early === 'auto' && session.heard && method !== 'info');
    return allowed && media.negotiated ? overRtp(digits) : refuse(state);
  }
  if (!method.startsWith('info')) return overRtp(digits);
  for (const digit of digits) {
    if (digit === ',') await pause(session, PAUSE_MS);
    else if (method === 'info')
      await sendInfo(session, digit, timing.durationMs, info, () => overRtp(digit), rtp);
    else
      await Promise.all([
        overRtp(digit),
        info('application/dtmf-relay', body(digit, timing.durationMs)).catch(() => {}),
      ]);
  }
}

async function sendInfo(
  session: CallSession,
  digit: string,
  durationMs: number | undefined,
  info: SendInfo,
  overRtp: () => Promise<void>,
  to: DtmfFallback['to'],
): Promise<void> {
  try {
    await info('application/dtmf-relay', body(digit, durationMs));
  } catch (error) {
    if (session.ended || !isSwitchhookError(error)) throw error;
    session.events.emit('dtmfFallback', { digit, from: 'info', to, error });
    await overRtp();
  }
}

function body(digit: string, durationMs = 100): string {
  return dtmfInfoBody(digit, durationMs);
}

function refuse(state: string): never {
  throw new SwitchhookError('ERR_CALL_STATE', { what: 'send digits', state });
}

/** Ends with the call at the latest. */
function pause({ env, events }: CallSession, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      events.off('ended', done);
      resolve();
    };
    const timer = env.clock.after(ms, done);
    events.on('ended', done);
  });
}
