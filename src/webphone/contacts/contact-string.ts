/** A contact as the API writes it; the fields and their order are the phone's. Pure. */
import { type Contact, parseContact as parseFields } from '../../phone/index.js';

/** Words presence is told with: what tells a contact with its status first from one that begins with the name. */
const STATUS_WORDS =
  /^(open|online|reachable|available|call ?me|registered|dnd|busy|speaking|pending|forwarding|away|idle|close|closed|unreachable|offline|unregistered|unknown|not ?set|notexists|exists|invisible|ready|other|callforward|callsetup|donotdisturb|-?\d*)$/i;

/** @returns undefined for a text without a name or address */
export function parseContact(text: string): Contact | undefined {
  const line = text.replace(/[\r\n]+/g, ' ');
  const first = line.split(',', 1)[0].trim();
  // As printed, an example begins with the name.
  const fields = parseFields(STATUS_WORDS.test(first) ? line : `,${line}`);
  const name = fields.name || fields.sip || fields.phone;
  return name ? { ...fields, name } : undefined;
}

/** A value that can stand in a field. */
export function contactValue(text: string): string {
  return text.replace(/[,\r\n]+/g, ' ').trim();
}
