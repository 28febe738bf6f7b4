/**
 * The keywords of a webhook, replaced in its URL and its data: USERNAME, SERVERADDRESS, DEVICEID, JGUID, JSEQ,
 * ALLPARAMETERS and PARAMETER_key_EOF. Values are encoded for where they stand: percent-encoded in a URL and in form
 * data, escaped in JSON and XML. Pure. The template is read once from left to right, so that a value that looks like
 * a keyword stays what it is.
 */

export interface HookFacts {
  readonly username: string;
  readonly serveraddress: string;
  readonly deviceid: string;
  /** Of this installation. */
  readonly guid: string;
  /** Counts the requests. */
  readonly sequence: number;
  /** The kind of the notification, as `event`, and its fields by name. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>;
}

type Place = 'url' | 'form' | 'json' | 'xml' | 'text';

const KEYWORD = /PARAMETER_(\w{1,64}?)_EOF|ALLPARAMETERS|SERVERADDRESS|USERNAME|DEVICEID|JGUID|JSEQ/g;

export function fillUrl(template: string, facts: HookFacts): string {
  return fill(template, facts, 'url');
}

/** The data and its media type, guessed from what it looks like. */
export function fillData(template: string, facts: HookFacts): { body: string; mediaType: string } {
  const place = placeOf(template);
  const types: Record<Place, string> = {
    url: '',
    form: 'application/x-www-form-urlencoded',
    json: 'application/json',
    xml: 'application/xml; charset=utf-8',
    text: 'text/plain; charset=utf-8',
  };
  return { body: fill(template, facts, place), mediaType: types[place] };
}

function placeOf(template: string): Place {
  const text = template.trim();
  if (/^[{[]/.test(text)) return 'json';
  if (text.startsWith('<')) return 'xml';
  return text === 'ALLPARAMETERS' || /^[\w.-]+=[^\s]*$/.test(text) ? 'form' : 'text';
}

function fill(template: string, facts: HookFacts, place: Place): string {
  return template.replace(KEYWORD, (keyword, key: string | undefined) => {
    if (key !== undefined) return encoded(parameter(facts, key), place);
    switch (keyword) {
      case 'ALLPARAMETERS':
        return allParameters(facts, place);
      case 'USERNAME':
        return encoded(facts.username, place);
      case 'SERVERADDRESS':
        return encoded(facts.serveraddress, place);
      case 'DEVICEID':
        return encoded(facts.deviceid, place);
      case 'JGUID':
        return encoded(facts.guid, place);
      default:
        return String(facts.sequence);
    }
  });
}

function parameter(facts: HookFacts, key: string): string {
  return facts.parameters.find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1] ?? '';
}

function allParameters({ parameters }: HookFacts, place: Place): string {
  const query = parameters
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  return place === 'json' || place === 'xml' ? encoded(query, place) : query;
}

function encoded(value: string, place: Place): string {
  switch (place) {
    case 'url':
    case 'form':
      return encodeURIComponent(value);
    case 'json':
      return JSON.stringify(value).slice(1, -1);
    case 'xml':
      return value.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
    default:
      return value;
  }
}
