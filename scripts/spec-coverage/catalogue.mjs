/**
 * What the catalogues beside the project ask for, and which of it waits for an engine that is not there yet. Used by
 * coverage-spec.mjs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Features whose engine is still to come. */
const WAITING_FEATURES = new Map([
  ...['video'].map((id) => [id, 'video']),
  ...['siprec-src', 'siprec-srs'].map((id) => [id, 'SIPREC']),
  ...['ussd', 'sms-3gpp'].map((id) => [id, 'USSD and SMS over IMS']),
  ['ed137', 'ED-137'],
  ['tunnel', 'tunnel'],
  ...['gui', 'applet'].map((id) => [id, 'web phone']),
]);

/** Statements of other features that wait, or that say nothing. */
const WAITING_STATEMENTS = new Map([
  ['hold/6', 'video'],
  ['nat/1', 'STUN'],
  ['nat/2', 'ICE and UPnP'],
  ['nat/4', 'STUN, in one half: that of use_rport is shown'],
  ['ports/4', 'a way to set TOS bits on UDP sockets, which Node.js has none of'],
  ['param-encryption/2', 'a statement: the manual leaves the details out'],
]);

/**
 * @param {string} root of the checkout
 * @returns the wanted tags of each kind, undefined where the catalogues are absent
 */
export async function wantedTags(root) {
  const spec = join(root, '..', 'shared', 'spec');
  if (!existsSync(join(spec, 'features.json'))) return undefined;
  const read = (name) => JSON.parse(readFileSync(join(spec, `${name}.json`), 'utf8'));
  const waiting = await waitingNames(root);
  const required = ({ status }) => status !== 'java-only' && status !== 'vendor-only' && status !== 'gui';
  const kind = (tags, reason = () => undefined) =>
    tags.map(({ tag, text, id }) => ({ tag, text, waitsFor: reason(id) }));
  return {
    functions: kind(
      read('api')
        .functions.filter(required)
        .map(({ name }) => ({ tag: name, id: name })),
      (name) => waiting.functions.get(name),
    ),
    parameters: kind(
      read('parameters')
        .parameters.filter(required)
        .map(({ name }) => ({ tag: `param:${name}`, id: name })),
      (name) => waiting.parameters.get(name),
    ),
    notifications: kind(
      read('notifications').notifications.map(({ header }) => ({ tag: `notify:${header}`, id: header })),
      (name) => waiting.notifications.get(name),
    ),
    statements: read('features')
      .features.filter(required)
      .flatMap(({ id, statements }) =>
        statements.map((text, at) => {
          const tag = `${id}/${at}`;
          return { tag, text, waitsFor: WAITING_FEATURES.get(id) ?? WAITING_STATEMENTS.get(tag) };
        }),
      ),
  };
}

/** The names the tables of the phone mark as waiting, each with the engine it waits for. */
async function waitingNames(root) {
  const built = join(root, 'dist', 'webphone', 'index.js');
  if (!existsSync(built)) throw new Error('build first: npm run build');
  const { FUNCTIONS, NOTIFICATIONS, PARAMETERS, STATUS_TEXTS, WAITING } = await import(
    pathToFileURL(built).href
  );
  const waiting = (rows, reason, name) => new Map(rows.filter(reason).map((row) => [row[name], reason(row)]));
  return {
    functions: waiting(FUNCTIONS, (row) => row.waitingFor, 'name'),
    parameters: waiting(PARAMETERS, ({ status }) => WAITING.includes(status) && STATUS_TEXTS[status], 'name'),
    notifications: waiting(NOTIFICATIONS, (row) => row.waitingFor, 'kind'),
  };
}
