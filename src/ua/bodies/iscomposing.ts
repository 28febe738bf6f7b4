/** Somebody is typing (RFC 3994): the document. Pure. */
import { parseXml, printXml, textOf } from '../../base/xml.js';

export const ISCOMPOSING_TYPE = 'application/im-iscomposing+xml';
const NAMESPACE = 'urn:ietf:params:xml:ns:im-iscomposing';

export interface IsComposing {
  state: 'active' | 'idle';
  /** What is being typed: `text/plain`. */
  contentType?: string;
  /** Seconds until the next refresh, when that was said. */
  refresh?: number;
}

/** An unknown state is idle (§3.3). @throws ERR_XML */
export function parseIsComposing(text: string): IsComposing {
  const root = parseXml(text);
  const refresh = Number(textOf(root, 'refresh'));
  return {
    state: textOf(root, 'state')?.toLowerCase() === 'active' ? 'active' : 'idle',
    contentType: textOf(root, 'contenttype'),
    refresh: Number.isInteger(refresh) && refresh > 0 ? refresh : undefined,
  };
}

export function printIsComposing({ state, contentType, refresh }: IsComposing): string {
  return printXml({
    name: 'isComposing',
    attributes: { xmlns: NAMESPACE },
    children: [
      { name: 'state', text: state },
      contentType ? { name: 'contenttype', text: contentType } : undefined,
      refresh ? { name: 'refresh', text: String(refresh) } : undefined,
    ],
  });
}
