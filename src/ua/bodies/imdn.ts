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
  dateTime?: string;
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
    if (word)
      return { messageId, dateTime: textOf(root, 'datetime'), kind, status: word as DispositionStatus };
  }
  return undefined;
}

export function printImdn({ messageId, dateTime, kind, status }: MessageReport): string {
  return printXml({
    name: 'imdn',
    attributes: { xmlns: NAMESPACE },
    children: [
      { name: 'message-id', text: messageId },
      dateTime ? { name: 'datetime', text: dateTime } : undefined,
      { name: `${kind}-notification`, children: [{ name: 'status', children: [{ name: status }] }] },
    ],
  });
}
