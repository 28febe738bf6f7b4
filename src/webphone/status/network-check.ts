/**
 * After a registration has found nobody: looks whether there is a network at all, so that the report says which of the
 * two is gone. Only where the settings ask for it, and never for servers of the own network.
 */
import { isSwitchhookError } from '../../base/errors.js';
import type { AccountDesk } from '../accounts/account-desk.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';

/** A name that is always there (RFC 2606). */
const KNOWN_NAME = 'example.com';
const NEAR = /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|localhost|\[?(::1|f[cd]|fe80))/i;

export interface NetworkCheckOptions {
  accounts: AccountDesk;
  settings: Settings;
  stack: Stack;
  notifications: NotificationHub;
  background(work: Promise<unknown>, what: string): void;
}

export function checkNetworkOnFailure(options: NetworkCheckOptions): void {
  const { accounts, settings, background } = options;
  accounts.on('state', ({ error, main }) => {
    const nobody =
      isSwitchhookError(error, 'ERR_SIP_TIMEOUT') ||
      isSwitchhookError(error, 'ERR_SIP_TRANSPORT') ||
      isSwitchhookError(error, 'ERR_DNS_NOT_FOUND');
    if (!nobody || !main || settings.number('networkchecks') === 0) return;
    if (NEAR.test(settings.text('proxyaddress') || settings.text('serveraddress'))) return;
    background(check(options), 'the check of the network');
  });
}

async function check({ settings, stack, notifications }: NetworkCheckOptions): Promise<void> {
  const name = settings.text('networkchecksdomain') || KNOWN_NAME;
  const there = await stack.phone?.canLookUp(name);
  if (there === undefined) return;
  const txt = there ? 'The network is there, the server does not answer' : 'No network';
  notifications.publish('EVENT', { type: 'WARNING', txt });
}
