/** Percent escapes of SIP and tel URIs (RFC 3261 §19.1.2, §25.1). Used by the URI classes and their parameters. */

/** Characters each place of a SIP URI may hold unescaped. */
const UNRESERVED = "A-Za-z0-9\\-_.!~*'()";
const escapable = {
  user: new RegExp(`[^${UNRESERVED}&=+$,;?/]`, 'gu'),
  password: new RegExp(`[^${UNRESERVED}&=+$,]`, 'gu'),
  param: new RegExp(`[^${UNRESERVED}\\[\\]/:&+$]`, 'gu'),
  header: new RegExp(`[^${UNRESERVED}\\[\\]/?:+$]`, 'gu'),
} as const;

export function percentEncode(place: keyof typeof escapable, text: string): string {
  return text.replace(escapable[place], escapeCharacter);
}

function escapeCharacter(character: string): string {
  // A lone surrogate has no UTF-8 form; U+FFFD stands for it, as TextEncoder does.
  let out = '';
  for (const byte of Buffer.from(character, 'utf8')) out += `%${hex(byte)}`;
  return out;
}

function hex(byte: number): string {
  return (byte < 16 ? '0' : '') + byte.toString(16).toUpperCase();
}

/** Escapes decoded as UTF-8; octets that are not UTF-8 become U+FFFD. */
export function percentDecode(raw: string): string {
  if (!raw.includes('%')) return raw;
  return raw.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** RFC 3261 §25.1 reserved: these differ from their escaped form (§19.1.4). */
const RESERVED = ';/?:@&=+$,';

/**
 * A form in which two spellings are equal when §19.1.4 says so: escapes that need not be are undone, others are in
 * upper case.
 */
export function canonicalEscapes(raw: string): string {
  return raw.replace(/%[0-9A-Fa-f]{2}|[^\x21-\x7e]/gu, (part) => {
    if (part.charCodeAt(0) !== 0x25) return escapeCharacter(part);
    const byte = Number.parseInt(part.slice(1), 16);
    const character = String.fromCharCode(byte);
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x25 && !RESERVED.includes(character);
    return plain ? character : part.toUpperCase();
  });
}
