/** What a server or phone can do, asked by OPTIONS (RFC 3261 §11). Used by Phone, at its start and on request. */
import type { Clock } from '../base/clock.js';
import { SwitchhookError } from '../base/errors.js';
import { type Account, resolveTarget, type UserAgent } from '../ua/index.js';

export interface ServerAbilities {
  status: number;
  reason: string;
  allow: readonly string[];
  supported: readonly string[];
  /** Event packages one can subscribe to. */
  allowEvents: readonly string[];
  server?: string;
  roundTripMs: number;
}

export interface AbilitiesOptions {
  signal?: AbortSignal;
  /** The user who asks, in place of the one of the account. */
  user?: string;
}

/** @param target our server when it is undefined */
export async function askAbilities(
  agent: UserAgent,
  clock: Clock,
  account: Account | undefined,
  target: string | undefined,
  { signal, user }: AbilitiesOptions = {},
): Promise<ServerAbilities> {
  const whom = target ?? account?.registrar.toString();
  if (!whom)
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: "option 'server' is needed to ask it" });
  const domain = account?.uri.host ?? resolveTarget(whom, account).host;
  const sentAt = clock.now();
  const response = await agent.options(whom, { account, signal, from: user && `sip:${user}@${domain}` });
  return {
    status: response.status,
    reason: response.reason,
    allow: response.allow,
    supported: response.supported,
    allowEvents: response.allowEvents,
    server: response.get('Server') ?? response.get('User-Agent'),
    roundTripMs: clock.now() - sentAt,
  };
}
