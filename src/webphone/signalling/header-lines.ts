/** Header lines as text. Pure. */

/** `X-One: 1`, a line each → name and values. */
export function headerLines(text: string): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const line of text.split(/\r\n|\n|\\r\\n/)) {
    const match = /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*)$/s.exec(line);
    if (match) (headers[match[1]] ??= []).push(match[2].trim());
  }
  return headers;
}

export interface RawMessage {
  method: string;
  /** Of the request line. */
  uri?: string;
  headers: Record<string, string[]>;
  body: string;
}

/** A method alone, a header, or a whole request. @returns undefined when it is none of them */
export function parseRawMessage(text: string): RawMessage | undefined {
  const [head, ...rest] = text.trimStart().split(/\r?\n\r?\n/);
  const lines = head.split(/\r?\n/);
  const match = /^([A-Z]{3,16})(?:\s+(\S+))?(?:\s+SIP\/2\.0)?\s*$/.exec(lines[0].trim());
  if (!match) return undefined;
  return {
    method: match[1],
    uri: match[2],
    headers: headerLines(lines.slice(1).join('\r\n')),
    body: rest.join('\r\n\r\n'),
  };
}
