/** Messages with headers of their own around them (CPIM, RFC 3862): who, to whom, when, and what IMDN asks for. Pure. */

export const CPIM_TYPE = 'message/cpim';
const IMDN_NS = 'urn:ietf:params:imdn';
const MAX_HEADERS = 64;

export interface CpimMessage {
  from?: string;
  to?: string;
  subject?: string;
  /** RFC 3339. */
  dateTime?: string;
  /** Of IMDN (RFC 5438 §6): the id of the message and which reports its sender wants. */
  messageId?: string;
  dispositions: string[];
  /** Whom it was for before a server on the way changed that (RFC 5438 §6.6). */
  originalTo?: string;
  /** Servers its reports have to pass, the next one first; of a report, those it has to pass (§6.4, §6.5). */
  recordRoutes?: string[];
  routes?: string[];
  contentType: string;
  /** `notification` for a report. */
  contentDisposition?: string;
  body: string;
}

/** Undefined when it is not one. */
export function parseCpim(text: string): CpimMessage | undefined {
  const outer = splitHead(text);
  const inner = outer && splitHead(outer.rest);
  if (!outer || !inner) return undefined;
  const namespaces = new Map<string, string>();
  const headers = new Map<string, string>();
  for (const [name, value] of outer.headers) {
    if (name === 'ns') {
      const match = /^(?:([\w-]+)\s*)?<([^>]*)>$/.exec(value);
      if (match) namespaces.set(match[1] ?? '', match[2]);
      continue;
    }
    const dot = name.indexOf('.');
    const ns = dot > 0 ? namespaces.get(name.slice(0, dot)) : undefined;
    const key = ns ? `${ns}#${name.slice(dot + 1)}` : name;
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const dispositions = headers.get(`${IMDN_NS}#disposition-notification`) ?? '';
  return {
    from: headers.get('from'),
    to: headers.get('to'),
    subject: headers.get('subject'),
    dateTime: headers.get('datetime'),
    messageId: headers.get(`${IMDN_NS}#message-id`),
    dispositions: dispositions
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
    originalTo: headers.get(`${IMDN_NS}#original-to`),
    recordRoutes: addresses(headers.get(`${IMDN_NS}#imdn-record-route`)),
    routes: addresses(headers.get(`${IMDN_NS}#imdn-route`)),
    contentType: inner.headers.find(([name]) => name === 'content-type')?.[1] ?? 'text/plain',
    contentDisposition: inner.headers.find(([name]) => name === 'content-disposition')?.[1],
    body: inner.rest,
  };
}

/** What stands in angle brackets; undefined for nothing. */
function addresses(text = ''): string[] | undefined {
  const found = [...text.matchAll(/<([^<>\s]+)>/g)].map(([, uri]) => uri);
  return found.length > 0 ? found : undefined;
}

/** Header lines up to the empty line; names in lower case. */
function splitHead(text: string): { headers: Array<[string, string]>; rest: string } | undefined {
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return undefined;
  const lines = text.slice(0, end.index).split(/\r?\n/);
  if (lines.length > MAX_HEADERS) return undefined;
  const headers: Array<[string, string]> = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) return undefined;
    headers.push([line.slice(0, colon).trim().toLowerCase(), unescapeValue(line.slice(colon + 1).trim())]);
  }
  return { headers, rest: text.slice(end.index + end[0].length) };
}

export function printCpim(message: CpimMessage): string {
  const { from, to, subject, dateTime, messageId, dispositions, contentType, contentDisposition, body } =
    message;
  const lines: string[] = [];
  const put = (name: string, value: string | undefined): void => {
    if (value !== undefined) lines.push(`${name}: ${escapeValue(value)}`);
  };
  put('From', from);
  put('To', to);
  put('DateTime', dateTime);
  put('Subject', subject);
  if (messageId !== undefined) {
    put('NS', `imdn <${IMDN_NS}>`);
    put('imdn.Message-ID', messageId);
    if (dispositions.length > 0) put('imdn.Disposition-Notification', dispositions.join(', '));
    put('imdn.Original-To', message.originalTo);
    for (const uri of message.recordRoutes ?? []) put('imdn.IMDN-Record-Route', `<${uri}>`);
    for (const uri of message.routes ?? []) put('imdn.IMDN-Route', `<${uri}>`);
  }
  const disposition = contentDisposition ? `Content-Disposition: ${contentDisposition}\r\n` : '';
  return `${lines.join('\r\n')}\r\n\r\nContent-Type: ${contentType}\r\n${disposition}\r\n${body}`;
}

/** §2.3.1: control characters and the backslash are escaped. */
function escapeValue(value: string): string {
  return value.replace(/[\u0000-\u001f\\]/g, (char) =>
    char === '\\' ? '\\\\' : char === '\r' ? '\\r' : char === '\n' ? '\\n' : ' ',
  );
}

function unescapeValue(value: string): string {
  return value.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) => {
    if (/^u[0-9a-fA-F]{4}$/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return code === 'r' ? '\r' : code === 'n' ? '\n' : code === 't' ? '\t' : code;
  });
}
