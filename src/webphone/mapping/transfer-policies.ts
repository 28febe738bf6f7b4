/** The settings about transfers, digits and the time before the answer as policies of calls. Pure. */
import type { CallPolicies, DtmfOptions } from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';

const REPLACES = ['refuse', 'end', 'end-unless-transferring', 'keep'] as const;
const REFER_REPLACES = ['refuse', 'header', 'in-place', 'both'] as const;
const HOLD = ['no', 'before', 'before-and-back', 'started-and-back'] as const;
const UNHOLD = ['no', 'with-replaces', 'always'] as const;
const OWN_REPLACES = ['no', 'yes', 'force'] as const;
const DISCONNECT = ['never', 'connected', 'timeout', 'connected-or-timeout', 'accepted'] as const;
/** By `checksubscriptionstate`. */
const ON_FAILURE = ['leave', 'hangup', 'resume'] as const;
const SERVER_DOMAIN = ['none', 'refer-to', 'referred-by', 'both', 'both'] as const;
const SUBSCRIBE = ['never', 'if-silent', 'always'] as const;
/** What 2 stands for. */
const REFUSED = 497;
const DTMF = ['off', 'info', 'auto', 'info+rfc4733', 'rfc4733', 'inband', 'info+inband'] as const;
const EARLY_DTMF = ['never', 'auto', 'always'] as const;

export function transferPolicies(
  settings: SettingsReader,
): Pick<CallPolicies, 'transfer' | 'transferRequests' | 'referReplaces' | 'endReferred' | 'replaces'> {
  const refused = settings.number('disabletransferrequests');
  const ends = settings.number('disconincomingrefer');
  return {
    transfer: transferOptions(settings),
    transferRequests:
      refused === 1
        ? 'ignore'
        : refused === 2
          ? { refuse: REFUSED }
          : refused > 2
            ? { refuse: refused >= 300 && refused <= 699 ? refused : REFUSED }
            : 'auto',
    referReplaces: REFER_REPLACES[settings.number('replacetype')] ?? 'header',
    endReferred: ends < 0 ? undefined : ends === 1,
    replaces: REPLACES[settings.number('allowreplace')],
  };
}

/** What is automatic is left to the kind of transfer. */
function transferOptions(settings: SettingsReader): CallPolicies['transfer'] {
  const failed = settings.number('checksubscriptionstate');
  return {
    hold: HOLD[settings.number('holdontransfer')],
    unhold: UNHOLD[settings.number('unholdontransfer')] ?? 'with-replaces',
    replaces: OWN_REPLACES[settings.number('transfwithreplace')] ?? 'auto',
    disconnect: DISCONNECT[settings.number('discontransfer')] ?? 'auto',
    onFailure: ON_FAILURE[failed],
    inverse: settings.number('inversetransfer') === 1,
    delayMs: settings.number('transferdelay'),
    newDialog: settings.number('newdialogforrefer') === 1,
    serverDomain: SERVER_DOMAIN[settings.number('useserverdomainforrefer')],
    subscribe: SUBSCRIBE[settings.number('subscribefortransfer')],
  };
}

export function dtmfOptions(settings: SettingsReader): DtmfOptions {
  return {
    method: DTMF[settings.number('dtmfmode')],
    early: EARLY_DTMF[settings.number('sendearlydtmf')],
  };
}

/** Before a call of ours is answered: what a 183 does, and whether anything is sent. */
export function earlyMediaOptions(settings: SettingsReader): CallPolicies['earlyMedia'] {
  const early = settings.number('earlymedia');
  const progress = settings.number('changesptoring');
  return {
    progress: (['ignore', 'ringing', 'ring', 'open', 'open'] as const)[progress],
    send: early === 0 ? 'never' : early === 4 ? 'silence' : 'audio',
  };
}
