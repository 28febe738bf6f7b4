/**
 * What presence, busy lamps, voicemail and messages need of the phone: its user agent once it is started, the account
 * that speaks. They are made before the phone starts and are told when it does.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { Account, UserAgent } from '../ua/index.js';
import type { Peer } from './peer-name.js';

export interface ServiceHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Starts the phone if need be. @throws ERR_CLOSED, ERR_SIP_TRANSPORT */
  agent(): Promise<UserAgent>;
  /** Who speaks when nobody else is named. */
  account(): Account | undefined;
  /** In the list of contacts. */
  isContact(peer: Peer): boolean;
}
