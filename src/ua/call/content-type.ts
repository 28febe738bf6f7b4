/** What kind of body an application gives us, when it does not say. Pure. */
export function guessContentType(body: string): string {
  const text = body.trim();
  if (/^Signal\s*=/i.test(text)) return 'application/dtmf-relay';
  if (text.startsWith('<')) return 'application/xml';
  if (/^[[{]/.test(text)) {
    try {
      JSON.parse(text);
      return 'application/json';
    } catch {
      // It only looks like it.
    }
  }
  return 'application/octet-stream';
}
