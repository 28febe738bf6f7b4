/**
 * Reports about messages (RFC 5438): the one we send about a message that came, and what one that comes says about a
 * message of ours. Pure.
 */
import {
  CPIM_TYPE,
  type CpimMessage,
  IMDN_TYPE,
  type MessageReport,
  printCpim,
  printImdn,
} from '../../ua/index.js';
import type { MessageStatus } from './message-types.js';

export interface ReportToSend {
  /** Undefined: to who sent the message. */
  to: string | undefined;
  body: string;
  contentType: string;
}

/**
 * §7.2.1: a CPIM message of its own, back the way the message took.
 * @param asked the message, as it came
 * @param report.id of the report itself
 */
export function reportOn(
  asked: CpimMessage,
  report: { kind: 'delivery' | 'display'; id: string; us: string; sender: string; receivedAt: string },
): ReportToSend | undefined {
  const { messageId, dateTime, to, originalTo, recordRoutes: routes } = asked;
  if (messageId === undefined) return undefined;
  const { kind, id, us, sender, receivedAt } = report;
  const body = printCpim({
    from: to ?? `<${us}>`,
    to: asked.from ?? `<${sender}>`,
    messageId: id,
    dispositions: [],
    routes,
    contentType: IMDN_TYPE,
    contentDisposition: 'notification',
    body: printImdn({
      messageId,
      dateTime: dateTime ?? receivedAt,
      recipient: addressIn(to) ?? us,
      originalRecipient: addressIn(originalTo),
      kind,
      status: kind === 'delivery' ? 'delivered' : 'displayed',
    }),
  });
  const next = routes?.find((uri) => /^sips?:/i.test(uri));
  return { to: next, body, contentType: CPIM_TYPE };
}

/** What a report means for the message; undefined when it tells nothing about it, as that reports are forbidden. */
export function statusOf({ kind, status }: MessageReport): MessageStatus | undefined {
  if (kind === 'delivery' && (status === 'delivered' || status === 'failed')) return status;
  if (kind === 'display' && status === 'displayed') return status;
  return kind === 'processing' && status === 'stored' ? 'queued' : undefined;
}

function addressIn(header: string | undefined): string | undefined {
  return header && (/<([^<>]*)>/.exec(header)?.[1] ?? header.trim());
}
