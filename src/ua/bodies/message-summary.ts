/** Whether messages wait in a mailbox (RFC 3842): `application/simple-message-summary`. Pure. */

export const MESSAGE_SUMMARY_TYPE = 'application/simple-message-summary';

export interface MessageCount {
  new: number;
  old: number;
  urgentNew: number;
  urgentOld: number;
}

export interface MessageSummary {
  waiting: boolean;
  /** Whom to call to hear them, as the server says: usually a SIP URI. */
  account?: string;
  voice?: MessageCount;
  /** By context class, lower case: `fax-message`, `pager-message`, … (RFC 3458). */
  counts: ReadonlyMap<string, MessageCount>;
  /** The line of voice messages as received: `3/0 (1/0)`. */
  text?: string;
}

const COUNT = /^(\d{1,9})\s*\/\s*(\d{1,9})(?:\s*\(\s*(\d{1,9})\s*\/\s*(\d{1,9})\s*\))?/;
const MAX_LINES = 100;

/** Undefined when it does not say whether messages wait and counts none. */
export function parseMessageSummary(text: string): MessageSummary | undefined {
  const counts = new Map<string, MessageCount>();
  let waiting: boolean | undefined;
  let account: string | undefined;
  let voiceText: string | undefined;
  for (const line of text.split(/\r?\n/, MAX_LINES)) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'messages-waiting') waiting = value.toLowerCase() === 'yes';
    else if (name === 'message-account') account = value.replace(/^<(.*)>$/, '$1') || undefined;
    else {
      const match = COUNT.exec(value);
      if (!match) continue;
      const [fresh, old, urgentNew, urgentOld] = match.slice(1).map((digits) => Number(digits ?? 0));
      counts.set(name, { new: fresh, old, urgentNew, urgentOld });
      if (name === 'voice-message') voiceText = value;
    }
  }
  const voice = counts.get('voice-message');
  if (waiting === undefined && counts.size === 0) return undefined;
  waiting ??= [...counts.values()].some((count) => count.new > 0);
  return { waiting, account, voice, counts, text: voiceText };
}

export function printMessageSummary(summary: {
  waiting: boolean;
  account?: string;
  voice?: Partial<MessageCount>;
}): string {
  const { waiting, account, voice } = summary;
  const lines = [`Messages-Waiting: ${waiting ? 'yes' : 'no'}`];
  if (account) lines.push(`Message-Account: ${account}`);
  if (voice) {
    const { new: fresh = 0, old = 0, urgentNew, urgentOld } = voice;
    const urgent =
      urgentNew === undefined && urgentOld === undefined ? '' : ` (${urgentNew ?? 0}/${urgentOld ?? 0})`;
    lines.push(`Voice-Message: ${fresh}/${old}${urgent}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}
