/** What a registration is said to be: numbers and texts of the API. Pure. */
import type { SwitchhookError } from '../../base/errors.js';
import type { RegistrationState } from '../../ua/index.js';
import { GLOBAL_TEXTS } from '../status/status-texts.js';

/** What the system says when there is no way out of this machine. */
const NO_NETWORK = ['ENETUNREACH', 'EADDRNOTAVAIL'];

/** As API_GetAccountRegState numbers them. */
export const REG_STATE = {
  working: 0,
  success: 1,
  failed: 2,
  unregistered: 3,
  notInitialized: -4,
  invalid: -3,
  unknownAccount: -2,
  notRegistering: -1,
} as const;

export const REG_STATE_TEXTS: Readonly<Record<number, string>> = {
  0: 'Registering...',
  1: 'Registered',
  2: 'Register Failed',
  3: 'Unregistered',
  [-4]: 'ERROR: not initialized',
  [-3]: 'ERROR: invalid account',
  [-2]: 'ERROR: no such account',
  [-1]: 'Not Registered',
};

export function regState(state: RegistrationState | undefined, tried: boolean): number {
  switch (state) {
    case undefined:
      return REG_STATE.notRegistering;
    case 'idle':
      return tried ? REG_STATE.unregistered : REG_STATE.notRegistering;
    case 'registering':
    case 'unregistering':
      return REG_STATE.working;
    case 'registered':
      return REG_STATE.success;
    case 'waiting':
    case 'failed':
      return REG_STATE.failed;
  }
}

/** As API_IsRegisteredEx numbers them. @param before how the last attempt ended */
export function registeredEx(
  state: RegistrationState | undefined,
  before: 'registered' | 'failed' | undefined,
  needed: boolean,
): number {
  if (!needed) return 1;
  switch (state) {
    case undefined:
      return 0;
    case 'registered':
      return 2;
    case 'registering':
      return before === 'registered' ? 3 : before === 'failed' ? 5 : 4;
    case 'idle':
    case 'unregistering':
      return before === undefined ? 0 : 6;
    default:
      return 7;
  }
}

/** Why it failed, in the words of the API. @param before it had been registered */
export function failureText(error: SwitchhookError | undefined, before: boolean): string {
  switch (error?.code) {
    case 'ERR_AUTHENTICATION_FAILED':
      return 'Authentication failed';
    case 'ERR_REGISTRATION_REJECTED':
      return error.details.status === 403 ? 'Register rejected' : 'Rejected by server';
    case 'ERR_SIP_TIMEOUT':
      return before ? 'Server lost' : 'No response from server';
    case 'ERR_SIP_CONNECTION_LOST':
      return 'Connection lost';
    case 'ERR_DNS_NOT_FOUND':
      return GLOBAL_TEXTS.unreachable;
    case 'ERR_SIP_TRANSPORT':
      return NO_NETWORK.includes(String(error.details.code))
        ? GLOBAL_TEXTS.noNetwork
        : GLOBAL_TEXTS.unreachable;
    case 'ERR_TIMEOUT':
      return 'Register expired';
    default:
      return 'Register failed';
  }
}

/** The status the server answered with; -1 without one. */
export function reasonCode(error: SwitchhookError | undefined): number {
  if (error?.code === 'ERR_AUTHENTICATION_FAILED') return 401;
  const status = error?.details.status;
  return typeof status === 'number' ? status : -1;
}
