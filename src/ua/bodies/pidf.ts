/**
 * Presence documents (PIDF, RFC 3863) with what a person is doing (RPID, RFC 4480; data model, RFC 4479) and who that is
 * (CIPID, RFC 4482). Pure.
 */
import { childOf, childrenOf, parseXml, printXml, textOf, type XmlElement } from '../../base/xml.js';

export const PIDF_TYPE = 'application/pidf+xml';
const PIDF = 'urn:ietf:params:xml:ns:pidf';
const RPID = 'urn:ietf:params:xml:ns:pidf:rpid';
const DATA_MODEL = 'urn:ietf:params:xml:ns:pidf:data-model';
const CIPID = 'urn:ietf:params:xml:ns:pidf:cipid';

export interface PresenceTuple {
  id: string;
  /** Undefined when the document does not say. */
  basic?: 'open' | 'closed';
  contact?: string;
  note?: string;
}

export interface PresenceDocument {
  /** Whose presence it is: a `pres:` or `sip:` URI. */
  entity: string;
  tuples: PresenceTuple[];
  /** RPID activities: `away`, `busy`, `on-the-phone`, `meeting`, … */
  activities: string[];
  /** What the person says, in words. */
  note?: string;
  displayName?: string;
}

/** @throws ERR_XML */
export function parsePidf(text: string): PresenceDocument {
  const root = parseXml(text);
  const persons = [...childrenOf(root, 'person'), ...childrenOf(root, 'device')];
  const tuples = childrenOf(root, 'tuple');
  return {
    entity: root.attributes.get('entity') ?? '',
    tuples: tuples.map(parseTuple),
    // Older devices put the activities into the tuple or its status.
    activities: [...persons, ...tuples, ...tuples.flatMap((tuple) => childrenOf(tuple, 'status'))].flatMap(
      activitiesOf,
    ),
    note: firstOf([root, ...persons], 'note'),
    displayName: firstOf([root, ...persons, ...tuples], 'display-name'),
  };
}

function parseTuple(tuple: XmlElement): PresenceTuple {
  const status = childOf(tuple, 'status');
  const basic = status && textOf(status, 'basic')?.toLowerCase();
  return {
    id: tuple.attributes.get('id') ?? '',
    basic: basic === 'open' || basic === 'closed' ? basic : undefined,
    contact: textOf(tuple, 'contact'),
    note: textOf(tuple, 'note'),
  };
}

function activitiesOf(element: XmlElement): string[] {
  return childrenOf(element, 'activities').flatMap((activities) =>
    activities.children
      .filter(({ name }) => name !== 'note')
      .map(({ name, text }) => (name === 'activity' ? text.trim() : name)),
  );
}

function firstOf(elements: readonly XmlElement[], name: string): string | undefined {
  for (const element of elements) {
    const text = textOf(element, name);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function printPidf(document: PresenceDocument): string {
  const { entity, tuples, activities, note, displayName } = document;
  const person = activities.length > 0 || note !== undefined || displayName !== undefined;
  return printXml({
    name: 'presence',
    attributes: { xmlns: PIDF, 'xmlns:dm': DATA_MODEL, 'xmlns:rpid': RPID, 'xmlns:ci': CIPID, entity },
    children: [
      ...tuples.map(({ id, basic, contact, note: said }) => ({
        name: 'tuple',
        attributes: { id },
        children: [
          { name: 'status', children: basic ? [{ name: 'basic', text: basic }] : [] },
          contact ? { name: 'contact', text: contact } : undefined,
          said ? { name: 'note', text: said } : undefined,
        ],
      })),
      // RFC 3863 §4.1.1: notes of the document come before elements of other namespaces.
      note ? { name: 'note', text: note } : undefined,
      person
        ? {
            name: 'dm:person',
            attributes: { id: 'person' },
            children: [
              { name: 'rpid:activities', children: activities.map((name) => ({ name: `rpid:${name}` })) },
              displayName ? { name: 'ci:display-name', text: displayName } : undefined,
              note ? { name: 'dm:note', text: note } : undefined,
            ],
          }
        : undefined,
    ],
  });
}
