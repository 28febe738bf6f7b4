/** Reports about messages: delivered, shown, failed (IMDN, RFC 5438). Pure. */
import { childOf, parseXml, printXml, textOf } from '../../base/xml.js';

export const IMDN_TYPE = 'message/imdn+xml';
const NAMESPACE = 'urn:ietf:params:xml:ns:imdn';

export type DispositionStatus =
  | 'delivered'
  | 'failed'
  | 'forbidden'
  | 'error'
  | 'displayed'
  | 'processed'
  | 'stored';
const STATUSES: readonly string[] = [
  'delivered',
  'failed',
  'forbidden',
  'error',
  'displayed',
  'processed',
  'stored',
];

export interface MessageReport {
  messageId: string;
  /** When the message was sent (§11.1.2). */
  dateTime?: string;
  /** Who got it, and whom it was for before a server changed that. */
  recipient?: string;
  originalRecipient?: string;
  kind: 'delivery' | 'display' | 'processing';
  status: DispositionStatus;
}

/** Undefined when it reports nothing we know. @throws ERR_XML */
export function parseImdn(text: string): MessageReport | undefined {
  const root = parseXml(text);
  const messageId = textOf(root, 'message-id');
  if (messageId === undefined) return undefined;
  for (const kind of ['delivery', 'display', 'processing'] as const) {
    const status = childOf(root, `${kind}-notification`)?.children.find(({ name }) => name === 'status');
    const word = status?.children.map(({ name }) => name).find((name) => STATUSES.includes(name));
    if (!word) continue;
    return {
      messageId,
      dateTime: textOf(root, 'datetime'),
      recipient: textOf(root, 'recipient-uri'),
      originalRecipient: textOf(root, 'original-recipient-uri'),
      kind,
      status: word as DispositionStatus,
    };
  }
  return undefined;
}

export function printImdn(report: MessageReport): string {
  const { messageId, dateTime, recipient, originalRecipient, kind, status } = report;
  return printXml({
    name: 'imdn',
    attributes: { xmlns: NAMESPACE },
    children: [
      { name: 'message-id', text: messageId },
      dateTime ? { name: 'datetime', text: dateTime } : undefined,
      recipient ? { name: 'recipient-uri', text: recipient } : undefined,
      originalRecipient ? { name: 'original-recipient-uri', text: originalRecipient } : undefined,
      { name: `${kind}-notification`, children: [{ name: 'status', children: [{ name: status }] }] },
    ],
  });
}
