/**
 * Texts in encodings other than UTF-8, by the names IANA has for them. Anything the platform knows is read; written are
 * those that are a table of one byte or of two. Pure.
 */

/** Names of encodings that can be written → what Node calls them. Windows-1252 is what the web means by ISO-8859-1. */
const WRITABLE: Readonly<Record<string, 'utf8' | 'latin1' | 'ascii' | 'utf16le'>> = {
  'utf-8': 'utf8',
  'iso-8859-1': 'latin1',
  'us-ascii': 'ascii',
  'utf-16le': 'utf16le',
};
const ALIASES: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  latin1: 'iso-8859-1',
  iso8859_1: 'iso-8859-1',
  'iso8859-1': 'iso-8859-1',
  iso_8859_1: 'iso-8859-1',
  ascii: 'us-ascii',
  'utf-16': 'utf-16le',
};

/** The usual name of an encoding; undefined for one that is not known. */
export function encodingName(name: string): string | undefined {
  const lower = name.trim().toLowerCase();
  const usual = ALIASES[lower] ?? lower;
  if (usual in WRITABLE) return usual;
  try {
    return new TextDecoder(usual).encoding;
  } catch {
    return undefined;
  }
}

/** The text of bytes; as UTF-8 when the encoding is not known. */
export function decodeText(bytes: Uint8Array, encoding = 'utf-8'): string {
  const name = encodingName(encoding) ?? 'utf-8';
  if (name === 'iso-8859-1') return Buffer.from(bytes).toString('latin1');
  const decoder = new TextDecoder(name);
  // In one go, Node.js 20 takes windows-1252 for ISO-8859-1.
  return decoder.decode(bytes, { stream: true }) + decoder.decode();
}

/** @returns undefined when the text cannot be written in that encoding without loss */
export function encodeText(text: string, encoding: string): Uint8Array | undefined {
  const writable = WRITABLE[encodingName(encoding) ?? ''];
  if (!writable) return undefined;
  const bytes = Buffer.from(text, writable);
  return bytes.toString(writable) === text ? bytes : undefined;
}
